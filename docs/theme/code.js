// A short piece of code in a line of text stays in one piece: a browser would break `--watch` behind its hyphens. What is long
// may be broken, or a phone would be too narrow for it.
const IN_ONE_PIECE = 24;
for (const code of document.querySelectorAll(':not(pre) > code')) {
    if (code.textContent.length <= IN_ONE_PIECE) code.classList.add('whole');
}

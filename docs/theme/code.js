// A short piece of code in a line of text stays in one piece: a browser would break `--watch` behind its hyphens. What is long
// may be broken, or a phone would be too narrow for it, but between its words and not within `--nocapture`.
const IN_ONE_PIECE = 24;
for (const code of document.querySelectorAll(':not(pre) > code')) {
    if (code.textContent.length <= IN_ONE_PIECE) code.classList.add('whole');
    else if (code.childElementCount === 0) code.replaceChildren(...code.textContent.split(/( +)/).map(inOnePiece));
}

function inOnePiece(word) {
    if (word.length > IN_ONE_PIECE || !word.includes('-')) return word;
    const piece = document.createElement('span');
    piece.className = 'whole';
    piece.textContent = word;
    return piece;
}

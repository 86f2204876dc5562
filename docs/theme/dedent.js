// An excerpt is shown as it stands in its file, indented by whatever it is inside of. Here that is taken away: what all
// lines begin with is no part of what they say. Without scripts the page is the same, a little to the right.
for (const code of document.querySelectorAll('pre > code')) {
    const lines = code.textContent.split('\n').filter(line => line.trim() !== '');
    const shared = Math.min(...lines.map(line => line.search(/\S/)));
    // A line begins with the same spaces whether the highlighter has put it into an element or not.
    if (shared > 0 && Number.isFinite(shared)) {
        code.innerHTML = code.innerHTML.replace(new RegExp(`^((?:<[^>]*>)*) {${shared}}`, 'gm'), '$1');
    }
}

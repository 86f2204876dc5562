// What a reader would see amiss on the page as it is laid out now, as a list of sentences. The body of a function that
// gets nothing and returns the list; tests/book_pages.rs runs it in each theme and width.
const found = [];
const TOLERANCE = 1.5; // CSS pixels: boxes of letters are a little larger than what is drawn
const LEAST_CONTRAST = 4.5; // WCAG's for text
const PROSE = "main :is(.question, figcaption, summary, p, li, td, th, a[href], :not(pre) > code)";
const name = (text) => `"${text.textContent.trim().slice(0, 60)}"`;

// Answers are to be read as well.
for (const answer of document.querySelectorAll("main details")) answer.open = true;

// ---- the page

// mdBook lets its content scroll sideways when something in it is too wide; what may scroll does so by itself.
for (const scroller of [document.scrollingElement, document.querySelector(".content"), document.querySelector("main")]) {
    const wide = scroller.scrollWidth - scroller.clientWidth;
    if (wide <= 0) continue;
    const edge = scroller.getBoundingClientRect().left + scroller.clientWidth;
    const beyond = (element) => element.getBoundingClientRect().right > edge + 0.5 && !element.parentElement.closest("pre, table, figure");
    const guilty = [...document.querySelectorAll("main *")].filter(beyond).pop();
    found.push(`is too wide by ${wide}px: ${guilty ? `<${guilty.tagName.toLowerCase()}> ${name(guilty)}` : scroller.tagName}`);
    break;
}
// A line of code that is cut off looks as if it ended there. On a phone nearly every one is, and is moved by the finger.
if (innerWidth > 1000) {
    for (const code of document.querySelectorAll("main pre > code")) {
        const wide = code.scrollWidth - code.clientWidth;
        const longest = code.textContent.split("\n").reduce((one, other) => (other.length > one.length ? other : one));
        if (wide > 1) found.push(`has a line of code that is cut off, by ${wide}px: "${longest.trim().slice(0, 60)}"`);
    }
}
for (const entry of performance.getEntriesByType("resource")) {
    if (!entry.name.startsWith("file:") && !entry.name.startsWith("data:")) found.push(`asks the network for ${entry.name}`);
}
for (const image of document.querySelectorAll("main img")) {
    if (!image.complete || image.naturalWidth === 0) found.push(`the picture ${image.getAttribute("src")} is not there`);
}

// ---- colours: what a piece of text stands on, and how well it is seen there

const channels = (color) => {
    const numbers = color.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
    return { rgb: numbers.slice(0, 3), alpha: numbers[3] ?? 1 };
};
const over = (above, alpha, below) => above.map((channel, at) => channel * alpha + below[at] * (1 - alpha));
const opacity = (element) => {
    let product = 1;
    for (let at = element; at && at !== document; at = at.parentNode) product *= Number(getComputedStyle(at).opacity);
    return product;
};
const luminance = (rgb) => {
    const linear = rgb.map((channel) => channel / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
};
const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
};
// The background of the page where an element is: of itself and its ancestors, the nearest that is not see-through.
const behind = (element) => {
    for (let at = element; at && at !== document; at = at.parentNode) {
        const { rgb, alpha } = channels(getComputedStyle(at).backgroundColor);
        if (alpha > 0.99) return rgb;
    }
    return [255, 255, 255];
};

for (const text of document.querySelectorAll(PROSE)) {
    const ground = behind(text);
    const ink = over(channels(getComputedStyle(text).color).rgb, opacity(text), ground);
    const seen = contrast(ink, ground);
    if (seen < LEAST_CONTRAST) found.push(`${name(text)} has a contrast of ${seen.toFixed(2)}, less than ${LEAST_CONTRAST}`);
}

// ---- figures

const SHAPES = "rect, circle, ellipse, polygon, path, polyline";
// A letter's box reaches above and below what is drawn of it: this much of its height, about, is empty.
const EMPTY_ABOVE = 0.2;
const EMPTY_BELOW = 0.12;

const drawn = (text) => {
    const box = text.getBoundingClientRect();
    return {
        text,
        left: box.left,
        right: box.right,
        top: box.top + box.height * EMPTY_ABOVE,
        bottom: box.bottom - box.height * EMPTY_BELOW,
    };
};
const overlap = (one, other) =>
    Math.min(one.right, other.right) - Math.max(one.left, other.left) > TOLERANCE &&
    Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > TOLERANCE;
// Whether a shape is filled where a point of the window is.
const fills = (shape, x, y) => {
    const matrix = shape.getScreenCTM();
    return matrix !== null && shape.isPointInFill(new DOMPoint(x, y).matrixTransform(matrix.inverse()));
};
// A piece of text: a whole <text>, or each line of one that is several lines.
const pieces = (svg) =>
    [...svg.querySelectorAll("text")].flatMap((text) => {
        const lines = [...text.querySelectorAll("tspan")].filter((line) => line.hasAttribute("x") || line.hasAttribute("dy"));
        return lines.length > 0 ? lines : [text];
    });

for (const figure of document.querySelectorAll("main figure")) {
    const svg = figure.querySelector("svg");
    if (!svg) {
        if (!figure.querySelector("img")) found.push("a figure without a picture");
        continue;
    }
    const title = svg.querySelector("title")?.textContent ?? "?";
    const tell = (what) => found.push(`figure "${title.slice(0, 60)}": ${what}`);
    const frame = svg.getBoundingClientRect();
    if (frame.width < 100 || frame.height < 20) {
        tell(`is ${frame.width} x ${frame.height}`);
        continue;
    }
    const shapes = [...svg.querySelectorAll(SHAPES)].filter((shape) => !shape.closest("defs, marker, clipPath"));
    const texts = pieces(svg).filter((text) => text.textContent.trim() !== "").map(drawn);
    for (const [at, piece] of texts.entries()) {
        const { text, left, right, top, bottom } = piece;
        if (left < frame.left - TOLERANCE || right > frame.right + TOLERANCE || top < frame.top - TOLERANCE || bottom > frame.bottom + TOLERANCE) {
            tell(`${name(text)} is cut by the edge`);
        }
        for (const other of texts.slice(at + 1)) {
            if (overlap(piece, other)) tell(`${name(text)} and ${name(other.text)} are drawn over each other`);
        }
        const [x, y] = [(left + right) / 2, (top + bottom) / 2];
        const earlier = (shape) => shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING;
        let ground = behind(figure);
        for (const shape of shapes.filter(earlier)) {
            const style = getComputedStyle(shape);
            if (style.fill === "none" || !fills(shape, x, y)) continue;
            const { rgb, alpha } = channels(style.fill);
            ground = over(rgb, alpha * Number(style.fillOpacity) * opacity(shape), ground);
            const box = shape.getBoundingClientRect();
            if (shape.tagName === "rect" && (left < box.left - TOLERANCE || right > box.right + TOLERANCE)) {
                tell(`${name(text)} sticks out of its box`);
            }
        }
        const ink = over(channels(getComputedStyle(text).fill).rgb, opacity(text), ground);
        const seen = contrast(ink, ground);
        if (seen < LEAST_CONTRAST) tell(`${name(text)} has a contrast of ${seen.toFixed(2)}, less than ${LEAST_CONTRAST}`);
    }
}
return found;

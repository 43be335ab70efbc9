// Small builders of HTML and SVG that can only ever write text.
const SVG = "http://www.w3.org/2000/svg";

/** An HTML element with a class and, where given, text. */
export function el(tag, className = "", text = null) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== null) node.textContent = String(text);
  return node;
}

/** An SVG element with attributes and children. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A tooltip: the first line is its heading. */
export function tip(text) {
  const box = el("div", "rp-tip");
  const [head, ...rest] = String(text).split("\n");
  box.append(el("b", "", head));
  for (const line of rest) box.append(el("div", "", line));
  return box;
}

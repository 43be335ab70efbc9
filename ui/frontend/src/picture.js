// The map as a PNG: what is on the screen, with its legend, scale, north arrow and approval number.
import { el } from "./dom.js";

const SHARPNESS = 2;
const LEFT_OUT = ".leaflet-tooltip-pane, .leaflet-popup-pane";
const HALO = ".rp-name";

/** The elements of a map in the order in which they lie over each other. */
function* stacked(node, alpha = 1) {
  const style = getComputedStyle(node);
  if (node.matches(LEFT_OUT) || style.display === "none" || style.visibility === "hidden") return;
  const seen = alpha * Number(style.opacity);
  yield [node, style, seen];
  if (node instanceof SVGElement) return;
  const height = (child) => {
    // The box of the controls takes no part in the order; what is in it lies over the map.
    if (child.matches(".leaflet-control-container")) return 1000;
    const { position, zIndex } = getComputedStyle(child);
    return position === "static" ? 0 : Number(zIndex) || 0;
  };
  const children = [...node.children].map((child, i) => [height(child), i, child]);
  children.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  for (const [, , child] of children) yield* stacked(child, seen);
}

async function image(drawing) {
  const copy = drawing.cloneNode(true);
  const { width, height } = drawing.getBoundingClientRect();
  // Where it stands on the page is not where it stands in its picture.
  copy.removeAttribute("style");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const picture = new Image();
  const text = new XMLSerializer().serializeToString(copy);
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await picture.decode();
  return picture;
}

/** Write an element's own text letter by letter, so that its lines break where they do. */
function write(pen, node, style, x0, y0) {
  pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  pen.textBaseline = "middle";
  pen.fillStyle = style.color;
  pen.strokeStyle = "#ffffff";
  pen.lineWidth = 3;
  pen.lineJoin = "round";
  const range = document.createRange();
  for (const part of node.childNodes) {
    if (part.nodeType !== Node.TEXT_NODE) continue;
    for (let i = 0; i < part.length; i++) {
      range.setStart(part, i);
      range.setEnd(part, i + 1);
      const place = range.getBoundingClientRect();
      const [x, y] = [place.x - x0, place.y + place.height / 2 - y0];
      if (node.matches(HALO)) pen.strokeText(part.data[i], x, y);
    }
    for (let i = 0; i < part.length; i++) {
      range.setStart(part, i);
      range.setEnd(part, i + 1);
      const place = range.getBoundingClientRect();
      pen.fillText(part.data[i], place.x - x0, place.y + place.height / 2 - y0);
    }
  }
}

/** Fill and frame an element as its style says. */
function paper(pen, style, x, y, width, height) {
  const corner = style.borderRadius.endsWith("%") ? width / 2 : parseFloat(style.borderRadius) || 0;
  pen.beginPath();
  pen.roundRect(x, y, width, height, Math.min(corner, width / 2, height / 2));
  pen.fillStyle = style.backgroundColor;
  pen.fill();
  const thick = parseFloat(style.borderBottomWidth);
  if (!thick) return;
  pen.strokeStyle = style.borderBottomColor;
  pen.lineWidth = thick;
  if (parseFloat(style.borderTopWidth)) pen.stroke();
  else {
    pen.beginPath(); // the scale bar: open above
    for (const [u, v] of [[0, 0], [0, height], [width, height], [width, 0]]) pen.lineTo(x + u, y + v);
    pen.stroke();
  }
}

async function paint(pen, box) {
  const { x: x0, y: y0 } = box.getBoundingClientRect();
  for (const [node, style, alpha] of stacked(box)) {
    const { x, y, width, height } = node.getBoundingClientRect();
    pen.globalAlpha = alpha;
    if (node instanceof HTMLCanvasElement) pen.drawImage(node, x - x0, y - y0, width, height);
    else if (node instanceof SVGElement) {
      if (width && height) pen.drawImage(await image(node), x - x0, y - y0, width, height);
    } else {
      paper(pen, style, x - x0, y - y0, width, height);
      write(pen, node, style, x0, y0);
    }
  }
}

/** Draw a map, its list of layers open from end to end and its heading above. */
export async function picture(stage) {
  const box = stage.map.getContainer();
  const { panel } = stage;
  const was = [panel.body.hidden, panel.body.style.maxHeight];
  const heading = el("div", "rp-heading", stage.title ?? "");
  if (stage.title) box.append(heading);
  box.classList.add("rp-picture");
  panel.open(true);
  panel.body.style.maxHeight = "none";
  try {
    const legend = panel.getContainer().getBoundingClientRect();
    const frame = box.getBoundingClientRect();
    const canvas = document.createElement("canvas");
    canvas.width = frame.width * SHARPNESS;
    canvas.height = Math.max(frame.height, legend.bottom - frame.y + 8) * SHARPNESS;
    const pen = canvas.getContext("2d");
    pen.scale(SHARPNESS, SHARPNESS);
    pen.fillStyle = getComputedStyle(box).backgroundColor;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    await paint(pen, box);
    return canvas;
  } finally {
    heading.remove();
    box.classList.remove("rp-picture");
    panel.body.style.maxHeight = was[1];
    panel.open(!was[0]);
  }
}

/** Give the picture to the reader as a file. */
export async function takeAway(stage) {
  const link = el("a");
  link.href = (await picture(stage)).toDataURL("image/png");
  link.download = `${stage.title || stage.text.picture}.png`;
  link.click();
}

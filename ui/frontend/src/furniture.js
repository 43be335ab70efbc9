// What a map needs to be read: scale, north, full screen, a note and the approval number.
import L from "leaflet";
import { el, svg } from "./dom.js";

function northArrow(text) {
  const arrow = svg(
    "svg",
    { viewBox: "0 0 24 34", width: 20, height: 28, role: "img", "aria-label": text.north },
    svg("path", { d: "M12 10 18 32 12 27z", fill: "#2f3b47" }),
    svg("path", { d: "M12 10 6 32 12 27z", fill: "#fff", stroke: "#2f3b47", "stroke-width": 1 }),
  );
  const letter = svg("text", {
    x: 12, y: 8.5, "text-anchor": "middle", "font-size": 9, "font-weight": 700, fill: "#2f3b47",
  });
  letter.textContent = "N";
  arrow.append(letter);
  return arrow;
}

const Box = L.Control.extend({
  initialize(content, options) {
    this.content = content;
    L.setOptions(this, options);
  },
  onAdd() {
    return this.content;
  },
});

function fullScreenButton(map, text) {
  const bar = el("div", "leaflet-bar");
  const button = el("a", "rp-full");
  button.append(
    svg(
      "svg",
      { viewBox: "0 0 16 16", width: 15, height: 15, "aria-hidden": "true" },
      svg("path", {
        d: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
        fill: "none",
        stroke: "#2f3b47",
        "stroke-width": 1.8,
      }),
    ),
  );
  button.href = "#";
  button.title = text.full;
  button.setAttribute("role", "button");
  button.setAttribute("aria-label", text.full);
  L.DomEvent.disableClickPropagation(bar);
  L.DomEvent.on(button, "click", (event) => {
    L.DomEvent.preventDefault(event);
    if (document.fullscreenElement) document.exitFullscreen();
    else map.getContainer().requestFullscreen().then(() => map.invalidateSize());
  });
  bar.append(button);
  return bar;
}

export class Furniture {
  constructor({ map, text }) {
    const add = (content, position) => new Box(content, { position }).addTo(map);
    L.control.zoom({ zoomInTitle: text.zoom_in, zoomOutTitle: text.zoom_out }).addTo(map);
    if (document.fullscreenEnabled) add(fullScreenButton(map, text), "topleft");
    L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
    const north = el("div", "rp-north");
    north.append(northArrow(text));
    add(north, "bottomleft");
    this.line = el("div", "rp-note");
    add(this.line, "bottomright");
  }

  /** Pixels the note takes from the map's lower edge. */
  height() {
    return this.line.hidden ? 0 : this.line.offsetHeight + 10;
  }

  say({ note, approval }) {
    this.line.replaceChildren();
    for (const part of [note, approval]) if (part) this.line.append(el("span", "", part));
    this.line.hidden = !this.line.children.length;
  }
}

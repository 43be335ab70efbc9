// What a map needs to be read: scale, north, full screen, a note and the approval number.
import L from "leaflet";
import { el, svg } from "./dom.js";
import { takeAway } from "./picture.js";

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

const FULL = "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4";
const PICTURE = "M8 2v8M4.5 7 8 10.5 11.5 7M2 11v3h12v-3";

/** A button of the map's bar: a small drawing with a name. */
function barButton(drawing, name, act) {
  const bar = el("div", "leaflet-bar");
  const button = el("a", "rp-button");
  const line = { d: drawing, fill: "none", stroke: "#2f3b47", "stroke-width": 1.8 };
  const icon = { viewBox: "0 0 16 16", width: 15, height: 15, "aria-hidden": "true" };
  button.append(svg("svg", icon, svg("path", line)));
  button.href = "#";
  button.title = name;
  button.setAttribute("role", "button");
  button.setAttribute("aria-label", name);
  L.DomEvent.disableClickPropagation(bar);
  L.DomEvent.on(button, "click", (event) => {
    L.DomEvent.preventDefault(event);
    act();
  });
  bar.append(button);
  return bar;
}

function fullScreen(map) {
  if (document.fullscreenElement) document.exitFullscreen();
  else map.getContainer().requestFullscreen().then(() => map.invalidateSize());
}

export class Furniture {
  constructor(stage) {
    const { map, text } = stage;
    const add = (content, position) => new Box(content, { position }).addTo(map);
    L.control.zoom({ zoomInTitle: text.zoom_in, zoomOutTitle: text.zoom_out }).addTo(map);
    if (document.fullscreenEnabled) {
      add(barButton(FULL, text.full, () => fullScreen(map)), "topleft");
    }
    add(barButton(PICTURE, text.picture, () => takeAway(stage)), "topleft");
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

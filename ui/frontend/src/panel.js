// The list of layers, which is the legend as well: a switch, a name and the key to its colours.
import L from "leaflet";
import { el, svg } from "./dom.js";
import { pinDrop, symbolSwatch } from "./symbols.js";

function swatch(row) {
  if (row.kind) return symbolSwatch(row.kind, row.basis);
  if (row.hatch) return el("span", "rp-swatch rp-hatch");
  if (row.pin) return pinDrop(13, 18);
  if (row.line) {
    return svg(
      "svg",
      { width: 22, height: 10, "aria-hidden": "true" },
      svg("line", {
        x1: 1, y1: 5, x2: 21, y2: 5,
        stroke: row.colour,
        "stroke-width": row.line,
        ...(row.dashed ? { "stroke-dasharray": "4 3" } : {}),
      }),
    );
  }
  const box = el("span", row.round ? "rp-swatch rp-round" : "rp-swatch");
  box.style.background = row.colour;
  if (row.alpha) box.style.opacity = row.alpha;
  return box;
}

export const Panel = L.Control.extend({
  options: { position: "topright" },

  initialize(stage) {
    this.stage = stage;
  },

  onAdd() {
    const box = el("section", "rp-panel");
    box.setAttribute("aria-label", this.stage.text.panel);
    L.DomEvent.disableClickPropagation(box);
    L.DomEvent.disableScrollPropagation(box);
    this.head = el("button", "rp-panel-head", this.stage.text.panel);
    this.head.type = "button";
    this.body = el("div", "rp-panel-body");
    this.head.addEventListener("click", () => this.open(this.body.hidden));
    box.append(this.head, this.body);
    return box;
  },

  open(wide) {
    this.body.hidden = !wide;
    this.head.setAttribute("aria-expanded", String(wide));
  },

  /** Begin open, unless a long list would cover a small map. */
  begin() {
    this.open(this.stage.map.getSize().x >= 620 || this.stage.order.length < 3);
  },

  /** Pixels of the map's right side that the open list covers. */
  width() {
    return this.body.hidden ? 0 : this.getContainer().offsetWidth;
  },

  /** Rebuild the list; keeps its place and the keyboard's. */
  draw() {
    const focused = document.activeElement?.dataset?.layer;
    const { scrollTop } = this.body;
    this.body.replaceChildren(...this.parts());
    this.body.scrollTop = scrollTop;
    if (focused) this.body.querySelector(`[data-layer="${CSS.escape(focused)}"]`)?.focus();
  },

  /** Leave room for the note below. */
  fit(below) {
    this.body.style.maxHeight = `${Math.max(120, this.stage.map.getSize().y - below - 70)}px`;
  },

  /** One part a group: what colours the areas first, then from the top of the map down. */
  parts() {
    const groups = new Map();
    this.stage.each((layer, key) => {
      const { group } = layer.spec;
      if (!groups.has(group)) groups.set(group, { entries: [], last: null, fillings: new Set() });
      const part = groups.get(group);
      const entry = this.entry(layer, key);
      part.entries.unshift(entry);
      if (!layer.spec.fillings) return;
      part.last ??= entry;
      if (this.stage.isOn(key)) layer.spec.fillings.forEach((one) => part.fillings.add(one));
    });
    const first = ([name]) => Number(this.stage.exclusive.includes(name));
    const ordered = [...groups].reverse().sort((a, b) => first(b) - first(a));
    return ordered.map(([name, { entries, last, fillings }]) => {
      const part = el("fieldset");
      if (name) part.append(el("legend", "", name));
      part.append(...entries);
      if (fillings.size) last.after(this.fillings(fillings));
      return part;
    });
  },

  /** What the filling of a room's symbol says; once for all levels of rooms. */
  fillings(shown) {
    const { text } = this.stage;
    const rows = ["f", "h", "o"].filter((basis) => shown.has(basis));
    return this.legend({
      rows: rows.map((basis) => ({ kind: "township", basis, text: text[`filling_${basis}`] })),
    });
  },

  entry(layer, key) {
    const { spec } = layer;
    const on = this.stage.isOn(key);
    const box = el("div", "rp-entry");
    const label = el("label");
    const input = el("input");
    input.type = this.stage.exclusive.includes(spec.group) ? "radio" : "checkbox";
    input.checked = on;
    input.dataset.layer = key;
    input.addEventListener("click", () => this.stage.turn(key, !on));
    label.append(input, el("span", "rp-layer-name", spec.name));
    const rows = spec.legend?.rows ?? [];
    const alone = spec.type === "points" && rows.length === 1 ? rows[0] : null;
    if (spec.mark ?? alone) label.append(swatch(spec.mark ?? alone));
    box.append(label);
    if (on && rows.length && !alone) box.append(this.legend(spec.legend));
    return box;
  },

  legend({ unit, rows }) {
    const two = rows.length > 2 && rows.every((row) => row.kind && row.basis === "f");
    const list = el("div", two ? "rp-legend rp-two" : "rp-legend");
    if (unit) list.append(el("div", "rp-unit", unit));
    for (const row of rows) {
      const line = el("div", "rp-row");
      line.append(swatch(row), el("span", "", row.text));
      list.append(line);
    }
    return list;
  },
});

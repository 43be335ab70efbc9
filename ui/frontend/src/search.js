// Find a place by its name, among the names the page gave: nothing is asked of any server.
import L from "leaflet";
import { el } from "./dom.js";
import { load } from "./load.js";

const SHOWN = 8;
const CLOSE = 13;

/** The best matches: names that begin with the text first, then those that hold it. */
export function matches(places, text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const starts = [];
  const holds = [];
  for (const place of places) {
    const found = place[0].toLowerCase().indexOf(wanted);
    if (found === 0) starts.push(place);
    else if (found > 0) holds.push(place);
    if (starts.length >= SHOWN) break;
  }
  return starts.concat(holds).slice(0, SHOWN);
}

export const Search = L.Control.extend({
  options: { position: "topleft" },

  initialize(stage) {
    this.stage = stage;
    this.at = -1;
    this.found = [];
  },

  onAdd() {
    const { text } = this.stage;
    const box = el("div", "rp-search");
    L.DomEvent.disableClickPropagation(box);
    L.DomEvent.disableScrollPropagation(box);
    this.input = el("input");
    this.list = el("ul");
    this.list.id = "rp-found";
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    Object.assign(this.input, { type: "search", placeholder: text.search, autocomplete: "off" });
    for (const [name, value] of [
      ["aria-label", text.search],
      ["role", "combobox"],
      ["aria-controls", "rp-found"],
      ["aria-expanded", "false"],
    ]) {
      this.input.setAttribute(name, value);
    }
    this.input.addEventListener("input", () => this.look());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    box.append(this.input, this.list);
    this.places = load(this.stage.given.places);
    return box;
  },

  async look() {
    const places = await this.places;
    this.found = matches(places, this.input.value);
    this.at = -1;
    this.list.replaceChildren(...this.found.map((place, i) => this.item(place, i)));
    if (!this.found.length && this.input.value.trim()) {
      this.list.append(el("li", "rp-none", this.stage.text.none));
    }
    this.list.hidden = !this.list.children.length;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
  },

  item(place, i) {
    const line = el("li");
    line.setAttribute("role", "option");
    line.append(el("b", "", place[0]), el("span", "", place[1]));
    line.addEventListener("mousedown", (event) => {
      event.preventDefault();
      this.go(i);
    });
    return line;
  },

  onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.found.length) {
      this.at = (this.at + step + this.found.length) % this.found.length;
      [...this.list.children].forEach((line, i) => line.classList.toggle("rp-at", i === this.at));
      event.preventDefault();
    } else if (event.key === "Enter") {
      if (this.found.length) this.go(Math.max(this.at, 0));
    } else if (event.key === "Escape") {
      this.list.hidden = true;
    }
  },

  go(i) {
    const [name, , lng, lat] = this.found[i];
    const { map } = this.stage;
    this.input.value = name;
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    map.setView([lat, lng], Math.max(map.getZoom(), CLOSE));
    this.mark?.remove();
    this.mark = L.circleMarker([lat, lng], {
      renderer: this.stage.symbolRenderer,
      pane: "rp-points",
      radius: 16,
      color: "#1b1f24",
      weight: 2,
      dashArray: "3 4",
      fill: false,
      interactive: false,
    }).addTo(map);
  },
});

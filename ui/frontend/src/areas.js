// Areas on one canvas: geometry comes once, afterwards only a string of class codes.
import L from "leaflet";
import { tip } from "./dom.js";
import { shape } from "./unpack.js";

const UNKNOWN = "-";
const LINES = {
  thin: { color: "#5d6b78", weight: 0.7, opacity: 0.75 },
  strong: { color: "#2f3b47", weight: 1.6, opacity: 0.9 },
};
// On colour a light line reads better than a dark one, dashed or not.
const ON_COLOUR = { color: "#ffffff", weight: 0.9, opacity: 0.95 };
const SELECTED = { color: "#11181f", weight: 3, opacity: 1, dashArray: null };

let hatching = null;

/** Grey diagonal lines: the value is not known. */
export function hatch() {
  if (hatching) return hatching;
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.fillStyle = "#eceff1";
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = "#9aa5b1";
  pen.lineWidth = 1.2;
  pen.beginPath();
  for (const x of [-8, 0, 8]) {
    pen.moveTo(x, 8);
    pen.lineTo(x + 8, 0);
  }
  pen.stroke();
  hatching = pen.createPattern(tile, "repeat");
  return hatching;
}

export class Areas {
  constructor(stage, spec) {
    this.stage = stage;
    this.group = L.featureGroup();
    this.shapes = [];
    this.spec = spec;
    this.selected = null;
    this.ready = stage.source(spec.source).then((data) => this.build(data));
  }

  build(data) {
    const { spec } = this;
    this.data = data;
    this.shapes = data.shapes.map((polygons, i) => {
      const area = L.polygon(shape(polygons), {
        renderer: this.stage.areaCanvas,
        interactive: spec.clickable,
        smoothFactor: 0.6,
        ...this.style(i),
      });
      area.rp = i;
      this.stage.clickable(area, spec.key, data.ids[i]);
      return area;
    });
    if (spec.tips) {
      this.group.bindTooltip((area) => tip(this.spec.tips?.[area.rp] ?? ""), {
        sticky: true,
        className: "rp-tooltip",
      });
    }
    if (spec.land) this.group.addLayer(this.land(data));
    for (const area of this.shapes) this.group.addLayer(area);
    this.stage.restack();
  }

  /** Land under everything, so that it stands out from the sea where nothing is coloured. */
  land(data) {
    return L.polygon(data.shapes.flatMap(shape), {
      renderer: this.stage.landCanvas,
      pane: "rp-land",
      interactive: false,
      stroke: false,
      fillColor: "#fdfdfb",
      fillOpacity: 1,
    });
  }

  style(i) {
    const { codes, colours, dashed, line } = this.spec;
    const base = { ...LINES[line], dashArray: dashed ? "4 3" : null };
    if (!codes) Object.assign(base, { fill: this.spec.clickable, fillOpacity: 0 });
    else if (codes[i] === UNKNOWN) {
      Object.assign(base, { fill: true, fillColor: hatch(), fillOpacity: 0.9 });
    } else {
      const fillColor = colours[parseInt(codes[i], 36)];
      Object.assign(base, ON_COLOUR, { fill: true, fillColor, fillOpacity: 0.75 });
    }
    if (this.data && this.data.ids[i] === this.selected) Object.assign(base, SELECTED);
    return base;
  }

  restate(spec) {
    this.spec = spec;
    this.shapes.forEach((area, i) => area.setStyle(this.style(i)));
  }

  select(id) {
    if (id === this.selected) return;
    this.selected = id;
    this.shapes.forEach((area, i) => {
      if (this.data.ids[i] === id) area.bringToFront();
      area.setStyle(this.style(i));
    });
  }

  raise() {
    for (const area of this.shapes) area.bringToFront();
  }

  /** Names to write on the map: [text, lat, lng, from zoom, weight]. */
  names() {
    const { labels, label_zoom: zoom } = this.spec;
    if (!labels || !this.data) return [];
    return this.data.anchors.map(([x, y], i) => [labels[i], y * 1e-5, x * 1e-5, zoom]);
  }
}

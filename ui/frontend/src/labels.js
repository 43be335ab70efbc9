// Names of areas, written where they do not run into each other.
import L from "leaflet";
import { el } from "./dom.js";

/** About how wide a name is: Latin letters take half the place of Chinese ones. */
const width = (text, size) =>
  [...text].reduce((sum, letter) => sum + (letter < "\u2e80" ? 0.62 : 1.04) * size, 0);
const overlap = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

export class Labels {
  constructor(stage) {
    this.stage = stage;
    this.group = L.layerGroup().addTo(stage.map);
    stage.map.on("zoomend", () => this.draw());
  }

  draw() {
    const { map } = this.stage;
    this.group.clearLayers();
    const taken = [];
    const zoom = map.getZoom();
    const names = [];
    this.stage.each((layer, key) => {
      if (this.stage.isOn(key)) names.push(...layer.names());
    });
    names.sort((a, b) => a[3] - b[3]);
    for (const [text, lat, lng, from] of names) {
      if (!text || zoom < from) continue;
      const { x, y } = map.project([lat, lng]);
      const half = width(text, from > 9 ? 11.5 : 13) / 2;
      const box = [x - half, y - 9, x + half, y + 9];
      if (taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      const html = el("span", from > 9 ? "rp-name rp-minor" : "rp-name", text);
      const icon = L.divIcon({ html, className: "rp-name-box", iconSize: [0, 0] });
      L.marker([lat, lng], { icon, pane: "rp-labels", interactive: false, keyboard: false }).addTo(
        this.group,
      );
    }
  }
}

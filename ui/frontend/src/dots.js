// A hundred thousand points on canvas tiles: no element a point, and nothing to hover.
import L from "leaflet";
import { quantised } from "./unpack.js";

const Tiles = L.GridLayer.extend({
  createTile(coords) {
    const tile = document.createElement("canvas");
    const ratio = window.devicePixelRatio > 1 ? 2 : 1;
    tile.width = tile.height = 256 * ratio;
    const pen = tile.getContext("2d");
    pen.scale(ratio, ratio);
    this.options.owner.paint(pen, coords);
    return tile;
  },
});

export class DotLayer {
  constructor(stage, spec) {
    this.group = new Tiles({ owner: this, pane: "rp-dots", updateWhenZooming: false });
    this.ready = Promise.resolve();
    this.restate(spec);
  }

  restate(spec) {
    this.spec = spec;
    const { lng, lat, n } = quantised(spec.packed, spec.box);
    this.x = new Float64Array(n);
    this.y = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const sine = Math.sin((lat[i] * Math.PI) / 180);
      this.x[i] = 256 * (lng[i] / 360 + 0.5);
      this.y[i] = 256 * (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI));
    }
    if (this.group._map) this.group.redraw();
  }

  paint(pen, { x, y, z }) {
    const scale = 2 ** z;
    const { codes, colours, radii } = this.spec;
    const crowd = this.x.length > 20000 ? 0.6 : 1;
    const base = crowd * Math.min(4, Math.max(1.9, 0.5 * z - 3.2));
    const grow = Math.min(3, Math.max(1, 1.25 ** (z - 9)));
    pen.globalAlpha = 0.8;
    pen.strokeStyle = "#3d1c00";
    pen.lineWidth = 0.7;
    for (let i = 0; i < this.x.length; i++) {
      const u = this.x[i] * scale - 256 * x;
      const v = this.y[i] * scale - 256 * y;
      const r = radii ? radii[i] * grow : base;
      if (u < -r || v < -r || u > 256 + r || v > 256 + r) continue;
      pen.fillStyle = colours[codes ? parseInt(codes[i], 36) : 0];
      pen.beginPath();
      pen.arc(u, v, r, 0, 7);
      pen.fill();
      if (r > 3) pen.stroke();
    }
  }

  select() {}
  raise() {}
  names() {
    return [];
  }
}

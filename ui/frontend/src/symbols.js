// Room symbols: the shape tells the kind, the filling tells what the row rests on.
import L from "leaflet";
import { svg } from "./dom.js";

export const INK = "#8c1c2b";
export const PAPER = "#ffffff";

const corners = (n, turn, inner = 1) =>
  Array.from({ length: inner === 1 ? n : 2 * n }, (_, i) => {
    const angle = ((turn + (360 * i) / (inner === 1 ? n : 2 * n)) * Math.PI) / 180;
    const r = inner !== 1 && i % 2 ? inner : 1;
    return [r * Math.cos(angle), r * Math.sin(angle)];
  });

const PLUS = [
  [-0.35, -1], [0.35, -1], [0.35, -0.35], [1, -0.35], [1, 0.35], [0.35, 0.35],
  [0.35, 1], [-0.35, 1], [-0.35, 0.35], [-1, 0.35], [-1, -0.35], [-0.35, -0.35],
];

// Radii in pixels at middle zoom; areas are about equal within a level.
export const KINDS = {
  hub: { radius: 9, path: corners(5, -90, 0.45) },
  township: { radius: 5, path: null },
  village: { radius: 3.2, path: null },
  area: { radius: 5, path: corners(6, 0) },
  community: { radius: 4.4, path: corners(4, 45) },
  park: { radius: 5, path: corners(3, -90) },
  campus: { radius: 5, path: corners(4, 0) },
  compound: { radius: 5, path: corners(3, 90) },
  sector: { radius: 5, path: PLUS },
  outpost: { radius: 5, path: corners(5, -90) },
};

/** SVG path data of a symbol with its middle at (x, y). */
export function symbolPath(kind, x, y, r) {
  const path = (KINDS[kind] ?? KINDS.village).path;
  if (!path) return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
  return `M${path.map(([u, v]) => `${(x + u * r).toFixed(1)} ${(y + v * r).toFixed(1)}`).join("L")}z`;
}

/** Filled for reported, half for derived, hollow for simulated. */
export function filling(basis) {
  if (basis === "f") return { fillColor: INK, color: PAPER, weight: 1 };
  if (basis === "h") return { fillColor: "url(#rp-half)", color: INK, weight: 1.1 };
  return { fillColor: PAPER, color: INK, weight: 1.1 };
}

function halfGradient() {
  const stop = (offset, colour) => svg("stop", { offset, "stop-color": colour });
  return svg(
    "defs",
    {},
    svg(
      "linearGradient",
      { id: "rp-half" },
      stop("50%", INK),
      stop("50%", PAPER),
    ),
  );
}

/** The renderer that knows the half filling. */
export const SymbolRenderer = L.SVG.extend({
  _initContainer() {
    L.SVG.prototype._initContainer.call(this);
    this._container.prepend(halfGradient());
  },
});

/** A path of constant size on the screen, in the shape of a kind. */
export const SymbolMarker = L.CircleMarker.extend({
  _updatePath() {
    const { x, y } = this._point;
    const path = this._empty() ? "M0 0" : symbolPath(this.options.kind, x, y, this._radius);
    this._renderer._setPath(this, path);
  },
});

/** A symbol for the legend. */
export function symbolSwatch(kind, basis) {
  const style = filling(basis);
  const r = Math.min((KINDS[kind] ?? KINDS.village).radius, 7);
  return svg(
    "svg",
    { viewBox: "-9 -9 18 18", width: 18, height: 18, "aria-hidden": "true" },
    halfGradient(),
    svg("path", {
      d: symbolPath(kind, 0, 0, r),
      fill: style.fillColor,
      stroke: basis === "f" ? INK : style.color,
      "stroke-width": 1.1,
      "stroke-linejoin": "round",
    }),
  );
}

/** A pin whose point is the place. */
export function pinDrop(width, height) {
  return svg(
    "svg",
    { viewBox: "0 0 28 38", width, height, "aria-hidden": "true" },
    svg("path", {
      d: "M14 1C6.8 1 1 6.8 1 14c0 9.4 13 23 13 23s13-13.6 13-23C27 6.8 21.2 1 14 1z",
      fill: "#f2a900",
      stroke: "#3d2b00",
      "stroke-width": 1.4,
    }),
  );
}

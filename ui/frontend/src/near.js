// Symbols are a few pixels wide: whoever points close to one means it, and not the area below.
import L from "leaflet";

const LEAST = 8;
const MOST = 12;

/** Pixels within which a symbol is meant: fewer where the whole city is on the screen. */
const reach = (zoom) => Math.min(MOST, Math.max(LEAST, LEAST + 2 * (zoom - 9)));

/** The canvas of the areas, which asks for the nearest symbol before it looks for an area. */
export const NearCanvas = L.Canvas.extend({
  nearest(point) {
    let best = null;
    let least = reach(this._map.getZoom());
    for (const symbol of this.options.symbols()) {
      if (!symbol._point) continue;
      const distance = symbol._point.distanceTo(point);
      if (distance >= least) continue;
      best = symbol;
      least = distance;
    }
    return best;
  },

  _onClick(event) {
    const dragged = event.type === "click" && this._map._draggableMoved(this._map);
    const near = dragged ? null : this.nearest(this._map.mouseEventToLayerPoint(event));
    if (near) this._fireEvent([near], event);
    else L.Canvas.prototype._onClick.call(this, event);
  },

  _handleMouseHover(event, point) {
    const near = this.nearest(point);
    if (!near) {
      L.Canvas.prototype._handleMouseHover.call(this, event, point);
      return;
    }
    if (near === this._hoveredLayer) return;
    this._handleMouseOut(event);
    L.DomUtil.addClass(this._container, "leaflet-interactive");
    this._fireEvent([near], event, "mouseover");
    this._hoveredLayer = near;
  },
});

// Rooms, pins, hulls and reach: what is drawn over the areas.
import L from "leaflet";
import { el, tip } from "./dom.js";
import { KINDS, SymbolMarker, filling, pinDrop } from "./symbols.js";
import { shape } from "./unpack.js";

const TOOLTIP = { className: "rp-tooltip", direction: "top", offset: [0, -6] };
const at = (xy, i) => [xy[2 * i + 1] * 1e-5, xy[2 * i] * 1e-5];

/** A layer that is built anew whenever its description changes. */
class Rebuilt {
  constructor(stage, spec) {
    this.stage = stage;
    this.group = L.featureGroup();
    this.items = new Map();
    this.ready = Promise.resolve();
    this.group.bindTooltip((item) => tip(this.spec.tips?.[item.rp] ?? ""), this.tooltip());
    this.restate(spec);
  }

  tooltip() {
    return TOOLTIP;
  }

  restate(spec) {
    this.spec = spec;
    this.group.clearLayers();
    this.items.clear();
    spec.ids.forEach((id, i) => {
      const item = this.make(i);
      item.rp = i;
      this.items.set(id, item);
      this.stage.clickable(item, spec.key, id);
      this.group.addLayer(item);
    });
    if (!spec.tips) this.group.unbindTooltip();
  }

  select() {}
  raise() {}
  names() {
    return [];
  }
}

export class Rooms extends Rebuilt {
  make(i) {
    const { kinds, symbols, bases, xy } = this.spec;
    const kind = kinds[parseInt(symbols[i], 36)];
    return new SymbolMarker(at(xy, i), {
      renderer: this.stage.symbolRenderer,
      pane: "rp-points",
      kind,
      radius: this.radius(kind),
      fillOpacity: 1,
      ...filling(bases[i]),
    });
  }

  radius(kind) {
    const zoom = this.stage.map.getZoom() ?? 9;
    const scale = Math.min(1.5, Math.max(0.75, 0.75 + (zoom - 9) * 0.15));
    return (KINDS[kind] ?? KINDS.village).radius * scale;
  }

  rescale() {
    for (const item of this.items.values()) item.setRadius(this.radius(item.options.kind));
  }

  select(id) {
    this.ring?.remove();
    const item = this.items.get(id);
    if (!item) return;
    this.ring = L.circleMarker(item.getLatLng(), {
      renderer: this.stage.symbolRenderer,
      pane: "rp-points",
      radius: 12,
      color: "#11181f",
      weight: 2.5,
      fill: false,
      interactive: false,
    });
    this.group.addLayer(this.ring);
  }
}

function pinIcon(label) {
  const box = el("div", "rp-pin");
  box.append(pinDrop(28, 38), el("span", "", label));
  return L.divIcon({ html: box, className: "", iconSize: [28, 38], iconAnchor: [14, 37] });
}

export class PinLayer extends Rebuilt {
  make(i) {
    const { labels, xy, names, draggable } = this.spec;
    const pin = L.marker(at(xy, i), {
      icon: pinIcon(labels?.[i] ?? ""),
      alt: names?.[i] ?? "",
      riseOnHover: true,
      zIndexOffset: 1000 - 20 * i,
      draggable: Boolean(draggable),
    });
    // A pin let go is told to Python like a click that also says where it now stands.
    pin.on("dragend", () => {
      pin.moved = pin.getLatLng();
      pin.fire("click", { latlng: pin.moved }, true);
      pin.moved = null;
    });
    return pin;
  }

  tooltip() {
    return { ...TOOLTIP, offset: [0, -36] };
  }

  select(id) {
    for (const [key, item] of this.items) {
      item.getElement()?.classList.toggle("rp-selected", key === id);
    }
  }
}

export class HullLayer extends Rebuilt {
  select(id) {
    for (const [key, item] of this.items) {
      const [outline, badge] = item.getLayers();
      outline.setStyle({ weight: key === id ? 3.5 : 1.6 });
      badge.getElement()?.classList.toggle("rp-selected", key === id);
    }
  }

  make(i) {
    const { shapes, anchors, counts } = this.spec;
    const middle = [anchors[i][1] * 1e-5, anchors[i][0] * 1e-5];
    const size = 14 + Math.min(22, 2.4 * Math.sqrt(counts[i]));
    const html = el("div", "rp-count", counts[i]);
    html.style.lineHeight = `${size - 3}px`;
    const badge = L.marker(middle, {
      icon: L.divIcon({ html, className: "", iconSize: [size, size] }),
      pane: "rp-badges",
      zIndexOffset: 10 * counts[i],
      riseOnHover: true,
      keyboard: false,
    });
    badge.rp = i;
    this.stage.clickable(badge, this.spec.key, this.spec.ids[i]);
    const outline = L.polygon(shape(shapes[i]), {
      renderer: this.stage.hullRenderer,
      pane: "rp-hulls",
      color: "#7a3e00",
      weight: 1.6,
      fillColor: "#f08c2e",
      fillOpacity: 0.28,
    });
    outline.rp = i;
    this.stage.clickable(outline, this.spec.key, this.spec.ids[i]);
    return L.featureGroup([outline, badge]);
  }
}

/** Circles in one pane of even opacity, so that overlaps do not darken. */
export class ReachLayer extends Rebuilt {
  make(i) {
    return L.circle(at(this.spec.xy, i), {
      renderer: this.stage.reachCanvas,
      pane: "rp-reach",
      radius: this.spec.metres[i],
      interactive: false,
      stroke: false,
      fillColor: "#2b6cb0",
      fillOpacity: 1,
    });
  }
}

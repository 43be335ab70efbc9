// One stage a map: it owns the layers by key and applies each new description to what stands.
import L from "leaflet";
import { Areas } from "./areas.js";
import { DotLayer } from "./dots.js";
import { Furniture } from "./furniture.js";
import { Labels } from "./labels.js";
import { load } from "./load.js";
import { NearCanvas } from "./near.js";
import { Panel } from "./panel.js";
import { HullLayer, PinLayer, ReachLayer, Rooms } from "./points.js";
import { Search } from "./search.js";
import { SymbolRenderer } from "./symbols.js";
import { tellSoon } from "./tell.js";

const TYPES = {
  polygons: Areas,
  points: Rooms,
  pins: PinLayer,
  reach: ReachLayer,
  hulls: HullLayer,
  dots: DotLayer,
};
// Panes from the bottom up; areas keep Leaflet's overlay pane (400).
const PANES = { land: 390, reach: 410, dots: 420, hulls: 430, points: 440, labels: 450, badges: 455 };
const SILENT = ["land", "reach", "dots", "labels"];

// On a press Leaflet gives the map the focus, and the browser then scrolls the page around the frame
// under the pointer: the press would end on something else, and no click would come.
L.Map.Keyboard.include({
  _onMouseDown() {
    if (!this._focused) this._map.getContainer().focus({ preventScroll: true });
  },
});

const stages = new WeakMap();
// Begins with the time, so that a click after a reload is never taken for an earlier one.
let clicks = Date.now();

class Stage {
  constructor(map, given) {
    this.map = map;
    this.given = given;
    this.text = given.text;
    this.layers = new Map();
    this.loading = new Map();
    this.choice = new Map();
    this.exclusive = [];
    this.focus = null;
    for (const [name, z] of Object.entries(PANES)) {
      const pane = map.createPane(`rp-${name}`);
      pane.style.zIndex = z;
      if (SILENT.includes(name)) pane.style.pointerEvents = "none";
    }
    this.landCanvas = L.canvas({ padding: 0.3, pane: "rp-land" });
    const symbols = () => this.symbols();
    this.areaCanvas = new NearCanvas({ padding: 0.3, tolerance: 2, symbols });
    this.reachCanvas = L.canvas({ padding: 0.3, pane: "rp-reach" });
    this.hullRenderer = L.svg({ padding: 0.5, pane: "rp-hulls" });
    this.symbolRenderer = new SymbolRenderer({ padding: 0.5, pane: "rp-points" });
    this.labels = new Labels(this);
    this.panel = new Panel(this).addTo(map);
    if (given.places) new Search(this).addTo(map);
    this.furniture = new Furniture(this);
    map.on("zoomend", () => this.each((layer) => layer.rescale?.()));
    map.on("click", (press) => {
      // A second press on the same place, after the first was undone, is a press of its own.
      press.latlng = Object.assign(press.latlng.clone(), { count: ++clicks });
      tellSoon();
    });
  }

  each(use) {
    for (const key of this.order ?? []) {
      const layer = this.layers.get(key);
      if (layer) use(layer, key);
    }
  }

  /** The constant data of a key: given in the page, or fetched once. */
  source(key) {
    if (!this.loading.has(key)) this.loading.set(key, load(this.given.sources[key]));
    return this.loading.get(key);
  }

  /** The symbols that can be seen. */
  *symbols() {
    for (const [key, layer] of this.layers) {
      if (layer.spec.type === "points" && this.isOn(key)) yield* layer.items.values();
    }
  }

  /** Make a layer answer a click with its key and id, instead of its geometry. */
  clickable(item, layer, feature) {
    item.on("click", () => this.picked(layer, feature));
    item.toGeoJSON = () => ({
      type: "Feature",
      geometry: null,
      properties: { layer, feature, count: ++clicks, ...item.moved },
    });
  }

  /** Set off what was clicked, where the page will do so too, and tell of it. */
  picked(layer, feature) {
    tellSoon();
    if (!this.picks) return;
    this.selected = [layer, feature];
    this.restack();
  }

  put(spec) {
    const text = JSON.stringify(spec);
    const old = this.layers.get(spec.key);
    if (old && old.text === text) return;
    if (old && old.spec.type === spec.type && old.spec.source === spec.source) {
      if (old.spec.shown !== spec.shown) this.choice.delete(spec.key);
      old.restate(spec);
      old.text = text;
      return;
    }
    old?.group.remove();
    const layer = new TYPES[spec.type](this, spec);
    layer.text = text;
    this.layers.set(spec.key, layer);
  }

  settle(view) {
    const first = !this.order;
    this.order = view.order;
    if (first) this.panel.begin();
    this.exclusive = view.exclusive;
    for (const [key, layer] of this.layers) {
      if (view.order.includes(key)) continue;
      layer.group.remove();
      this.layers.delete(key);
    }
    if (view.focus && String(view.focus) !== String(this.focus)) {
      const [west, south, east, north] = view.focus;
      this.map.fitBounds([[south, west], [north, east]], {
        paddingTopLeft: [12, 12],
        paddingBottomRight: [this.panel.width() + 12, 12],
        animate: false,
      });
      this.focus = view.focus;
    }
    this.selected = view.selected;
    this.picks = view.picks;
    this.title = view.title;
    this.revision = (this.revision ?? 0) + 1;
    this.map.getContainer().dataset.revision = this.revision;
    this.furniture.say(view);
    this.show();
  }

  isOn(key) {
    return this.choice.get(key) ?? this.layers.get(key).spec.shown;
  }

  /** The reader's own switch. In an exclusive group the others go off. */
  turn(key, on) {
    const { group } = this.layers.get(key).spec;
    if (on && this.exclusive.includes(group)) {
      this.each((layer, other) => layer.spec.group === group && this.choice.set(other, false));
    }
    this.choice.set(key, on);
    this.show();
  }

  show() {
    this.each((layer, key) => {
      const on = this.isOn(key);
      if (on && !this.map.hasLayer(layer.group)) layer.group.addTo(this.map);
      if (!on) layer.group.remove();
    });
    this.restack();
    this.panel.draw();
    this.panel.fit(this.furniture.height());
  }

  /** The id to set off in a layer: of its own, or of another that draws the same areas. */
  chosen(layer, key) {
    if (!this.selected) return null;
    const [other, id] = this.selected;
    const { source } = layer.spec;
    const same = source && source === this.layers.get(other)?.spec.source;
    return other === key || same ? id : null;
  }

  restack() {
    this.each((layer, key) => this.isOn(key) && layer.raise());
    this.each((layer, key) => layer.select(this.chosen(layer, key)));
    this.labels.draw();
    this.areasReady();
  }

  /** Mark the map as drawn when no area is still on its way; the benchmark waits for it. */
  areasReady() {
    const all = [...this.layers.values()].map((layer) => layer.ready);
    Promise.all(all).then(() => {
      this.map.getContainer().dataset.drawn = "true";
    });
  }
}

export function frame(map, given) {
  stages.set(map, new Stage(map, given));
}

export function put(map, spec) {
  stages.get(map).put(spec);
}

export function settle(map, view) {
  stages.get(map).settle(view);
}

// The map behind four methods, so that another engine can take its place:
//   show(layer, data), select(id, place), fit(bounds), on(event, listener)
// Layers: areas (GeoJSON: grid cells with an id, waters, towns with a name), counts ({id: n}),
//         zones, draft, gained and lost (GeoJSON), alerts, units and seen (columns id, lon, lat, kind, label),
//         and with {editing} the shape that is drawn (editing.js, which also tells of presses).
import L from "leaflet";
import { enlarged } from "./canvas_layer.js";
import { CellLayer } from "./cells.js";
import { PointLayer } from "./points.js";
import { declutter } from "./labels.js";

const NEAR = 12;
const CLOSE = 13.5; // how near a chosen case is looked at
const SHEETS = ["draft", "gained", "lost"];

// A canvas that can fill a polygon with diagonal lines: no-fishing zones stay readable over shades.
const Hatching = L.Canvas.extend({
  _fillStroke(context, layer) {
    if (!layer.options.hatch) {
      L.Canvas.prototype._fillStroke.call(this, context, layer);
      return;
    }
    context.save();
    context.globalAlpha = 0.75;
    context.fillStyle = this.pattern(context, layer.options.color);
    context.fill("evenodd");
    context.restore();
    L.Canvas.prototype._fillStroke.call(this, context, layer);
  },
  pattern(context, colour) {
    if (this.patternOf !== colour) {
      const tile = document.createElement("canvas");
      const big = Math.round(enlarged());
      tile.width = tile.height = 8 * big;
      const c = tile.getContext("2d");
      c.scale(big, big);
      c.strokeStyle = colour;
      c.lineWidth = 1.3;
      for (const shift of [-8, 0, 8]) {
        c.moveTo(shift, 8);
        c.lineTo(shift + 8, 0);
      }
      c.stroke();
      this.patternOf = colour;
      this.tile = context.createPattern(tile, "repeat");
    }
    return this.tile;
  },
});

// A name with its middle at a place. The style sheet moves it there by half its size: reading the
// size of each would lay out the whole page once a name.
const Name = L.Tooltip.extend({
  _setPosition(place) { L.DomUtil.setPosition(this._container, place); },
});

function styles(colour) {
  return {
    areas: ({ properties }) => (properties.kind === "town"
      ? { weight: 1.4 * enlarged(), color: colour("--town"), fill: false }
      : { weight: 1, color: colour("--water-edge"), fillOpacity: 1, fillColor: colour("--water") }),
    zones: ({ properties }) => ({
      weight: 1.6 * enlarged(), color: colour("--hatch"), fill: false, hatch: properties.open !== false,
      dashArray: properties.open === false ? "3 6" : null,
    }),
    draft: () => ({ weight: 3, color: colour("--accent"), fillOpacity: 0.15, fillColor: colour("--accent") }),
    gained: () => ({ weight: 2, color: colour("--ok"), fillOpacity: 0.4, fillColor: colour("--ok") }),
    lost: () => ({ weight: 2, dashArray: "5 4", color: colour("--urgent"), fillOpacity: 0.3, fillColor: colour("--urgent") }),
  };
}

// Back to where the map began: one button under the two of the zoom.
function whole(map, title, begin) {
  const control = L.control({ position: "topright" });
  control.onAdd = () => {
    const box = L.DomUtil.create("div", "leaflet-bar");
    const button = L.DomUtil.create("a", "whole", box);
    Object.assign(button, { href: "#", title, role: "button" });
    button.setAttribute("aria-label", title);
    button.innerHTML = '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"/></svg>';
    L.DomEvent.disableClickPropagation(box);
    L.DomEvent.on(button, "click", (event) => { L.DomEvent.preventDefault(event); begin(); });
    return box;
  };
  control.addTo(map);
}

// A map that is only looked at: nothing moves it, and it always shows the whole.
const STILL = { zoomSnap: 0, dragging: false, keyboard: false, scrollWheelZoom: false, doubleClickZoom: false, boxZoom: false, touchZoom: false };

function frame(element, isStill) {
  const { zoomIn, zoomOut } = element.dataset;
  const map = L.map(element, { preferCanvas: true, zoomControl: false, zoomSnap: 0.25, zoomDelta: 0.5, minZoom: 7, maxZoom: 18, zoomAnimation: false, ...(isStill ? STILL : {}) });
  map.attributionControl.setPrefix(false);
  map.setView([0, 0], 7);
  if (!isStill) L.control.zoom({ position: "topright", zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
  [["cells", 399], ["zones", 401], ["units", 402], ["alerts", 403]].forEach(([name, place]) => { map.createPane(name).style.zIndex = place; });
  map.getPane("units").style.pointerEvents = "none";
  map.getPane("alerts").style.pointerEvents = "none";
  const near = () => { element.dataset.near = String(map.getZoom() >= NEAR); };
  map.on("zoomend", near);
  near();
  return map;
}

// How much of the map's foot lies under the legend.
function covered(element) {
  const legend = element.parentElement.querySelector(".legend");
  return legend && getComputedStyle(legend).position === "absolute" ? legend.offsetHeight : 0;
}

export function createMap(element, { isStill = false, editing = null } = {}) {
  const colour = (name) => getComputedStyle(element).getPropertyValue(name).trim();
  const map = frame(element, isStill);
  const listeners = {};
  const tell = (event, detail) => (listeners[event] ?? []).map((listener) => listener(detail)).includes(true);
  const layers = {};
  let began = false;
  const style = styles(colour);
  const label = (className) => (feature, layer) => {
    const { kind = className, name } = feature.properties;
    if (kind === className && name) layer.bindTooltip(new Name({ permanent: true, direction: "center", className }).setContent(name));
  };
  const hatching = new Hatching({ pane: "zones", padding: 0.1 });
  const make = {
    cells: () => new CellLayer(),
    areas: () => L.geoJSON(null, { style: style.areas, interactive: false, onEachFeature: label("town") }),
    zones: () => L.geoJSON(null, { style: style.zones, interactive: false, pane: "zones", renderer: hatching, onEachFeature: label("zone") }),
    ...Object.fromEntries(SHEETS.map((key) => [key, () => L.geoJSON(null, { style: style[key], interactive: false, pane: "zones", renderer: hatching })])),
    units: () => new PointLayer(["free", "busy", "off"], { colours: ["--ok", "--ok", "--muted"], pane: "units", hollow: ["busy"] }),
    seen: () => new PointLayer(["subject", "vessel"], { colours: ["--urgent", "--accent"], pane: "alerts", hollow: ["vessel"] }),
    alerts: () => new PointLayer(["urgent", "important", "normal"], { colours: ["--urgent", "--important", "--normal"], pane: "alerts" }),
  };
  const layer = (key) => { layers[key] ??= make[key]().addTo(map); return layers[key]; };

  const apart = ({ features, ...rest }) => {
    layer("cells").set(features.filter(({ properties }) => !properties.kind));
    return { ...rest, features: features.filter(({ properties }) => properties.kind) };
  };

  const edited = editing?.(map, element, tell);
  const hint = L.tooltip({ direction: "top", offset: [0, -10] });
  const under = (event) => layers.alerts?.nearest(event.containerPoint);
  if (!isStill) map.on("click", (event) => { const found = under(event); if (found) tell("alert", found.id); });
  if (!isStill) map.on("mousemove", (event) => {
    const alert = under(event);
    const found = alert ?? layers.units?.nearest(event.containerPoint);
    if (!edited) element.style.cursor = alert ? "pointer" : "";
    if (found?.label) hint.setLatLng(event.latlng).setContent(document.createTextNode(found.label)).addTo(map);
    else hint.remove();
  });
  map.on("mouseout", () => hint.remove());
  // Somebody carries a unit or a case over the map: say which case or which unit lies under it.
  element.addEventListener("offered", ({ detail }) => { layers.units?.offer(detail); if (!detail) hint.remove(); });
  element.addEventListener("carried", ({ detail }) => {
    const containerPoint = map.mouseEventToContainerPoint(detail);
    detail.found = detail.kind === "case" ? layers.units?.nearest(containerPoint) : under({ containerPoint });
    if (detail.found) hint.setLatLng(map.mouseEventToLatLng(detail)).setContent(document.createTextNode(detail.found.label)).addTo(map);
    else hint.remove();
  });

  map.on("moveend zoomend resize", () => declutter(element));

  const repaint = () => {
    ["areas", "zones", ...SHEETS].forEach((key) => layers[key]?.setStyle(style[key]));
    edited?.redraw();
    ["cells", "units", "alerts", "seen"].forEach((key) => layers[key]?.redraw());
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  let fitted = () => map.invalidateSize({ animate: false });
  new ResizeObserver(() => (isStill ? fitted() : map.invalidateSize({ animate: false }))).observe(element);

  return {
    show(key, data) {
      if (key === "counts") {
        layer("cells").count(data);
      } else if (key === "editing") {
        edited.show(data);
      } else if (key === "alerts" || key === "units" || key === "seen") {
        layer(key).set(data);
      } else {
        layer(key).clearLayers().addData(key === "areas" ? apart(data) : data);
        declutter(element);
      }
    },
    select(id, place) {
      layer("alerts").select(id);
      if (!place) return;
      const at = [place.lat, place.lon];
      if (map.getZoom() < NEAR) map.setView(at, CLOSE, { animate: false });
      else if (!map.getBounds().pad(-0.1).contains(at)) map.panTo(at, { animate: false });
    },
    fit([west, south, east, north]) {
      fitted = () => {
        map.invalidateSize({ animate: false });
        map.fitBounds([[south, west], [north, east]], { animate: false, paddingTopLeft: [12, 12], paddingBottomRight: [12, covered(element) + 12] });
      };
      if (!began && element.dataset.whole) whole(map, element.dataset.whole, fitted);
      began = true;
      fitted();
    },
    on(event, listener) { (listeners[event] ??= []).push(listener); },
  };
}

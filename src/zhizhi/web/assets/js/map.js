// The map behind four methods, so that another engine can take its place:
//   show(layer, data), select(id), fit(bounds), on(event, listener)
// Layers: areas (GeoJSON with id), counts ({id: n}), zones (GeoJSON), draft (GeoJSON),
//         alerts and units ({id, lon, lat, kind} columns).
import L from "leaflet";
import { PointLayer } from "./points.js";

const SHADES = [0, 1, 3, 6];
const shadeOf = (n) => { let s = 0; SHADES.forEach((limit) => { if (n > limit) s += 1; }); return s; };

export function createMap(element) {
  const words = element.dataset;
  const colour = (name) => getComputedStyle(element).getPropertyValue(name).trim();
  const map = L.map(element, { preferCanvas: true, zoomControl: false, attributionControl: true, zoomSnap: 0.5, minZoom: 7 });
  map.attributionControl.setPrefix(false);
  L.control.zoom({ position: "topright", zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
  map.createPane("zones").style.zIndex = 390;
  const listeners = {};
  const tell = (event, detail) => (listeners[event] ?? []).forEach((listener) => listener(detail));
  const layers = {};
  let counts = {};

  const areaStyle = (feature) => ({
    weight: 0.6, color: colour("--line"), fillOpacity: 1,
    fillColor: colour(`--shade-${shadeOf(counts[feature.id] ?? 0)}`),
  });
  const zoneStyle = (feature) => ({
    weight: 2, color: colour("--hatch"), fillColor: colour("--hatch"),
    fillOpacity: 0.18, dashArray: feature.properties.open === false ? "3 6" : "8 4",
  });
  const polygons = (style, pane) => L.geoJSON(null, { style, pane, interactive: false });
  const point = (kinds, colours, event) => {
    const layer = new PointLayer(kinds, colours).addTo(map);
    layer.on("pick", ({ id }) => tell(event, id));
    return layer;
  };
  const make = {
    areas: () => polygons(areaStyle).addTo(map),
    zones: () => polygons(zoneStyle, "zones").addTo(map),
    draft: () => polygons(() => ({ weight: 3, color: colour("--urgent"), fillOpacity: 0.1, fillColor: colour("--urgent") }), "zones").addTo(map),
    units: () => point(["unit", "busy"], ["--ok", "--muted"], "unit"),
    alerts: () => point(["urgent", "important", "normal"], ["--urgent", "--important", "--normal"], "alert"),
  };
  const layer = (name) => { layers[name] ??= make[name](); return layers[name]; };

  const view = {
    show(name, data) {
      if (name === "counts") {
        counts = data;
        layers.areas?.setStyle(areaStyle);
      } else if (name === "alerts" || name === "units") {
        layer(name).set(data);
      } else {
        layer(name).clearLayers().addData(data);
      }
    },
    select(id, place) {
      layer("alerts").select(id);
      if (place && !map.getBounds().pad(-0.1).contains([place.lat, place.lon])) map.panTo([place.lat, place.lon], { animate: false });
    },
    fit(bounds) {
      map.fitBounds([[bounds[1], bounds[0]], [bounds[3], bounds[2]]], { animate: false });
    },
    on(event, listener) { (listeners[event] ??= []).push(listener); },
  };
  const repaint = () => {
    layers.areas?.setStyle(areaStyle);
    layers.zones?.setStyle(zoneStyle);
    layers.units?.redraw();
    layers.alerts?.redraw();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  return view;
}

export async function getJson(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
}

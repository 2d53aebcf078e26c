// The same points drawn by our layer and by a WebGL map, timed from the order to the final picture.
import L from "leaflet";
import { setWorkerUrl, Map as GlMap } from "maplibre-gl";
import { PointLayer } from "../../src/zhizhi/web/assets/js/points.js";

const [WEST, EAST, SOUTH, NORTH] = [107.1, 107.7, 29.4, 30.0];
const KINDS = ["urgent", "important", "normal"];
const COLOURS = ["#a30a23", "#945900", "#0a6a8a"];
const painted = () => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); });

// The same numbers in every run, and for both.
function* numbers() {
  let state = 20_260_301;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}
function points(count) {
  const next = numbers();
  const one = () => next.next().value;
  const columns = { id: [], lon: [], lat: [], kind: [] };
  for (let i = 0; i < count; i += 1) {
    columns.id.push(i);
    columns.lon.push(WEST + one() * (EAST - WEST));
    columns.lat.push(SOUTH + one() * (NORTH - SOUTH));
    columns.kind.push(i % 3);
  }
  return columns;
}
function views(jumps) {
  const next = numbers();
  const one = () => next.next().value;
  return Array.from({ length: jumps }, () => ({
    lon: WEST + (0.25 + one() / 2) * (EAST - WEST), lat: SOUTH + (0.25 + one() / 2) * (NORTH - SOUTH), zoom: 9.5 + 2 * one(),
  }));
}
function box() {
  const element = document.createElement("div");
  element.style.cssText = "width:1280px;height:720px";
  document.body.replaceChildren(element);
  return element;
}
async function timed(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

window.ours = async (count, jumps) => {
  const columns = points(count);
  let map;
  const ready = await timed(async () => {
    map = L.map(box(), { preferCanvas: true, zoomAnimation: false, zoomSnap: 0, attributionControl: false });
    map.setView([29.7, 107.4], 10);
    const layer = new PointLayer(KINDS, { colours: ["--a", "--b", "--c"], pane: "overlayPane" }).addTo(map);
    layer.set(columns);
    await painted();
  });
  const redraws = [];
  for (const { lon, lat, zoom } of views(jumps)) {
    redraws.push(await timed(() => { map.setView([lat, lon], zoom, { animate: false }); return painted(); }));
  }
  return { ready, redraws };
};

window.peer = async (count, jumps) => {
  setWorkerUrl("/maplibre-gl-worker.mjs");
  const columns = points(count);
  const features = columns.lon.map((lon, i) => ({ type: "Feature", properties: { kind: columns.kind[i] }, geometry: { type: "Point", coordinates: [lon, columns.lat[i]] } }));
  let map;
  const idle = () => new Promise((done) => { map.once("idle", done); });
  const ready = await timed(async () => {
    map = new GlMap({ container: box(), style: { version: 8, sources: {}, layers: [] }, center: [107.4, 29.7], zoom: 9, attributionControl: false, fadeDuration: 0 });
    await new Promise((done) => { map.once("load", done); });
    map.addSource("points", { type: "geojson", data: { type: "FeatureCollection", features } });
    map.addLayer({ id: "points", type: "circle", source: "points", paint: { "circle-radius": 2, "circle-color": ["match", ["get", "kind"], 0, COLOURS[0], 1, COLOURS[1], COLOURS[2]] } });
    await idle();
  });
  const redraws = [];
  for (const { lon, lat, zoom } of views(jumps)) {
    // MapLibre counts zoom by tiles of 512 pixels, Leaflet by tiles of 256.
    redraws.push(await timed(() => { const done = idle(); map.jumpTo({ center: [lon, lat], zoom: zoom - 1 }); return done; }));
  }
  return { ready, redraws };
};

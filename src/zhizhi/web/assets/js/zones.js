// The zone page: the zones in force and the draft on one map.
import "./page.js";
import { createMap, getJson } from "./map.js";

const element = document.querySelector(".map");
const map = createMap(element);
const draft = document.getElementById("draft-geometry");

map.fit(JSON.parse(element.dataset.bounds));
map.show("areas", await getJson(element.dataset.areas));
map.show("zones", await getJson("/geo/zones.geojson"));
if (draft) {
  const shapes = JSON.parse(draft.textContent);
  map.show("draft", shapes);
  if (shapes.bbox) map.fit(shapes.bbox);
}
element.dataset.ready = "true";

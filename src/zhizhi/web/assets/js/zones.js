// The zone page: the zones in force and the draft on one map.
import { getJson } from "./page.js";
import { createMap } from "./map.js";
import { arrived } from "./zone_draft.js";

const element = document.querySelector(".map");
const tried = document.getElementById("tried-points");
const map = createMap(element);

if (document.querySelector("[data-saved]")) arrived();

async function begin() {
  map.fit(JSON.parse(element.dataset.bounds));
  const [areas, zones] = await Promise.all([getJson(element.dataset.areas), getJson("/geo/zones.geojson")]);
  map.show("areas", areas);
  map.show("zones", zones);
  const boxes = Object.fromEntries(zones.features.map((zone) => [zone.id, zone.bbox]));
  document.querySelectorAll("button[data-zone]").forEach((button) => {
    button.addEventListener("click", () => map.fit(boxes[button.dataset.zone]));
  });
  const edited = boxes[document.querySelector("[data-edited]")?.dataset.edited];
  if (edited) map.fit(edited);
  if (tried) {
    const { found, gone } = JSON.parse(tried.textContent);
    map.show("alerts", found);
    map.show("units", gone);
  }
  ["draft", "gained", "lost"].forEach((key) => {
    const told = document.getElementById(`${key}-geometry`);
    if (!told) return;
    const shapes = JSON.parse(told.textContent);
    map.show(key, shapes);
    if (key === "draft") map.fit(shapes.bbox);
  });
  element.dataset.ready = "true";
}
begin();

// The case page: where it is, on a small map; told when the case has moved on.
import { getJson } from "./page.js";
import { createMap } from "./map.js";
import { start } from "./live.js";
import * as presence from "./presence.js";

const element = document.querySelector(".case .map");
const RANKS = ["urgent", "important", "normal"];
const AROUND = 0.02; // degrees

async function draw() {
  const lon = Number(element.dataset.lon);
  const lat = Number(element.dataset.lat);
  const id = Number(element.dataset.case);
  const map = createMap(element);
  map.fit([lon - AROUND, lat - AROUND, lon + AROUND, lat + AROUND]);
  const [areas, zones] = await Promise.all([getJson(element.dataset.areas), getJson("/geo/zones.geojson")]);
  map.show("areas", areas);
  map.show("zones", zones);
  map.show("alerts", { id: [id], lon: [lon], lat: [lat], kind: [RANKS.indexOf(element.dataset.severity)] });
  map.select(id);
  element.dataset.ready = "true";
}

document.body.addEventListener("live", ({ detail }) => {
  const note = document.querySelector("[data-moved-on]");
  if (note && (detail.subjects.has(`case:${note.dataset.movedOn}`) || detail.subjects.has("*"))) note.hidden = false;
});
const others = document.querySelector("[data-present]");
presence.start("attends" in others.dataset);
presence.watch(document.querySelector("[data-moved-on]").dataset.movedOn);
start("/events/");
if (element) draw();

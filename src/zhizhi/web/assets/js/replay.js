// Replay: the slider moves the moment, the desk below shows what it showed then.
import { getJson, toast } from "./page.js";
import { put } from "./hypertext.js";
import { createMap } from "./map.js";

const MINUTE = 60;
const HOUR = 3600;
const TICK_MS = 1000;
const find = (selector) => document.querySelector(selector);
const slider = find("#slider");
const desk = find(".desk");
const element = desk.querySelector(".map");
const map = createMap(element);
const play = find("#play");
const most = () => Number(slider.max);
const query = new URLSearchParams(location.search);

// Only the newest wish is fetched: whoever drags far does not wait for what lies between.
let wished = null;
let isLoading = false;
async function load() {
  if (isLoading) return;
  isLoading = true;
  try {
    while (wished !== null) {
      const { announce } = wished;
      wished = null;
      const then = await getJson(`/replay/then?${query}`);
      await drawZones(then);
      show(then, announce);
    }
  } catch {
    stop();
    toast(document.body.dataset.lost);
  } finally {
    isLoading = false;
  }
}

// Zones are many and seldom change: they are fetched only when others were in force.
let drawn = null;
async function drawZones(then) {
  if (then.zones === drawn) return;
  map.show("zones", await getJson(`/replay/zones.geojson?at=${encodeURIComponent(then.at)}`));
  drawn = then.zones;
}

function show(then, announce) {
  Object.entries(then.parts).forEach(([id, text]) => put(id, text));
  if (wished === null) {
    slider.max = then.most;
    slider.value = then.seconds;
    const input = find("#at");
    if (document.activeElement !== input) input.value = then.at;
    if (announce) query.set("at", then.at);
    history.replaceState(null, "", `?${query}`);
  }
  slider.setAttribute("aria-valuetext", find("#clock").textContent.trim().replace(/\s+/g, " "));
  ["counts", "units", "alerts"].forEach((layer) => map.show(layer, then[layer]));
  map.show("seen", then.vessels);
  choose();
  desk.dataset.shown = then.at;
}

function choose() {
  const id = query.get("case") ?? "";
  desk.dataset.case = id;
  const row = find(`#queue a[data-case="${CSS.escape(id)}"]`);
  if (id) map.select(Number(id), row && { lon: Number(row.dataset.lon), lat: Number(row.dataset.lat) });
  else map.select(null);
}

function go(changes) {
  Object.entries(changes).forEach(([name, value]) => {
    if (value === null) query.delete(name);
    else query.set(name, value);
  });
  wished = { announce: true };
  return load();
}

// Moments of the slider are seconds since the beginning; the server reads them with their zone.
const first = Number(find(".replay-bar").dataset.first);
const written = (seconds) => new Date((first + seconds) * 1000).toISOString();
const clamp = (seconds) => Math.max(0, Math.min(most(), seconds));
function move(seconds) {
  const to = clamp(seconds);
  slider.value = to;
  return go({ at: written(to) });
}
const by = (seconds) => move(Number(slider.value) + seconds);

let timer = null;
function stop() {
  clearInterval(timer);
  timer = null;
  label();
}
function start() {
  if (Number(slider.value) >= most()) move(0);
  timer = setInterval(() => {
    if (isLoading) return;
    if (Number(slider.value) >= most()) stop();
    else by((Number(find("#speed").value) * TICK_MS) / 1000);
  }, TICK_MS);
  label();
}
function label() {
  play.setAttribute("aria-pressed", String(Boolean(timer)));
  play.querySelector("span").textContent = timer ? play.dataset.pause : play.dataset.play;
}
const toggle = () => (timer ? stop() : start());

const KEYS = {
  ArrowLeft: () => by(-MINUTE),
  ArrowDown: () => by(-MINUTE),
  ArrowRight: () => by(MINUTE),
  ArrowUp: () => by(MINUTE),
  PageDown: () => by(-HOUR),
  PageUp: () => by(HOUR),
  Home: () => move(0),
  End: () => go({ at: null }), // now, which is later than when the page was opened
  " ": toggle,
};
// The keys belong to the slider, and to the page where nothing else wants them.
const isOurs = (target) => target === slider || target === document.body || target === find("#content");
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !isOurs(event.target)) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
slider.addEventListener("input", () => move(Number(slider.value)));
play.addEventListener("click", toggle);

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const { at, case: id, of, seen } = link.dataset;
  const tab = link.closest("#tabs") && new URL(link.href).searchParams;
  if (at === undefined && id === undefined && seen === undefined && !tab) return;
  event.preventDefault();
  if (tab) go({ state: tab.get("state"), severity: tab.get("severity") });
  else if (at !== undefined) go({ at, ...(of ? { case: of } : {}) });
  else if (seen !== undefined) go({ seen: "1" });
  else go({ case: id, seen: null }).then(() => { find(".detail-pane").scrollTop = 0; });
});
map.on("alert", (id) => go({ case: String(id), seen: null }));

async function begin() {
  map.fit(JSON.parse(element.dataset.bounds));
  map.show("areas", await getJson(element.dataset.areas));
  wished = { announce: false };
  await load();
  slider.focus({ preventScroll: true });
  element.dataset.ready = "true";
}
begin().catch(() => toast(document.body.dataset.lost));

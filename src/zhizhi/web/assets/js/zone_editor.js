// The page on which a zone is drawn: tools, keys and the typed corners, all of one shape.
import { getJson, toast } from "./page.js";
import { createMap } from "./map.js";
import { editing } from "./editing.js";
import { areaOf, circle, countCorners, crossing, lengthOf, metresBetween, rectangle } from "./geometry.js";
import { added, cornerAt, history, hit, inserted, moved, nextCorner, removed, snapped } from "./drawing.js";
import { read, written } from "./corner_text.js";
import * as drafts from "./zone_draft.js";

const page = document.getElementById("editor");
const form = document.getElementById("draw");
const element = page.querySelector(".map");
const words = JSON.parse(document.getElementById("editor-words").textContent);
const { shape: text, crs } = form.elements;
const [asHole, snap, radius] = ["as-hole", "snap", "radius"].map((id) => document.getElementById(id));
const isDegrees = () => crs.value === "WGS84" || crs.value === "CGCS2000";
const SLIP = 3; // pixels that a press may wander and still be a tap
const key = page.dataset.draft;

const begun = isDegrees() ? read(text.value) : { shape: [] };
const steps = history(begun.shape ?? []);
const map = createMap(element, { editing });
let tool = "move";
let selected = null;
let pending = [];
let cursor = null;
let guide = null;
let held = null; // what a press took hold of
let live = null; // the shape while something is dragged
let borders = []; // of the other zones, to snap to
let view = null;

const say = (said) => { document.getElementById("said").textContent = said; };
const fill = (told, values) => told.replace(/\{(\w+)\}/g, (_all, name) => values[name]);
const figure = (value) => value.toFixed(value < 10 ? 3 : 2);
const pairOf = ({ lon, lat }) => [lon, lat];
const wandered = (one, other) => Math.hypot((one.lon - other.lon) / one.pixel.lon, (one.lat - other.lat) / one.pixel.lat) > SLIP;
const drawnTo = (place) => (snap.checked ? snapped(place, borders, place.reach) : pairOf(place));

function show() {
  const shape = live ?? steps.now;
  const fault = crossing(shape);
  map.show("editing", { shape, selected, guide, crossing: fault, pending: cursor && pending.length ? [...pending, pairOf(cursor)] : pending });
  const corners = countCorners(shape);
  page.querySelector("#measure").textContent = corners
    ? fill(words.measure, { area: figure(areaOf(shape) / 1e6), length: figure(lengthOf(shape) / 1e3), corners })
    : words.empty;
  tell(fault ? fill(words.crossing, { lon: fault[0].toFixed(5), lat: fault[1].toFixed(5) }) : "");
  const can = { undo: pending.length || steps.canUndo, redo: !pending.length && steps.canRedo, remove: selected, close: pending.length > 2, clear: corners || pending.length };
  page.querySelectorAll("[data-do]").forEach((button) => { button.disabled = !can[button.dataset.do]; });
  page.querySelectorAll("[data-tool]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.tool === tool)));
}

function tell(problem) {
  const place = page.querySelector("#problem");
  if (place.textContent !== problem) place.textContent = problem;
  place.hidden = !problem;
}

// Whatever changes is kept on the device, and the dry run on the page is no longer that of the draft.
function changed() {
  const isKept = drafts.keep(key, form);
  const now = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  page.querySelector("#kept").textContent = isKept ? fill(words.kept, { at: now }) : words.notKept;
  page.querySelectorAll("[data-tried]").forEach((part) => { part.hidden = part.dataset.tried === "same"; });
}

function rewrite() {
  text.value = written(steps.now);
  crs.value = "WGS84";
  changed();
}

function commit(shape) {
  live = null;
  if (shape && steps.push(shape)) rewrite();
  show();
}

function choose(name) {
  [tool, pending, guide, held, live, cursor] = [name, [], null, null, null, null];
  if (name !== "move") selected = null;
  say(words.tools[name] ?? "");
  page.querySelector("#how").textContent = words.tools[name];
  show();
}

function addRing(ring) {
  const next = added(steps.now, ring, { isHole: asHole.checked });
  if (!next) toast(words.noPart);
  choose("move");
  if (next) commit(next);
}

const doing = {
  undo() { if (pending.length) pending = pending.slice(0, -1); else if (steps.undo()) { selected = null; rewrite(); } },
  redo() { if (steps.redo()) { selected = null; rewrite(); } },
  remove() {
    if (!cornerAt(steps.now, selected)) return;
    const next = removed(steps.now, selected);
    selected = null;
    commit(next);
    say(words.removed);
  },
  close() { if (pending.length > 2) addRing(pending); },
  clear() { [pending, selected] = [[], null]; commit([]); },
};
function act(name) {
  doing[name]();
  show();
}

function pick(name) {
  selected = name;
  const corner = cornerAt(steps.now, name);
  if (!corner) return;
  map.select(null, { lon: corner[0], lat: corner[1] });
  const number = countCorners(steps.now.slice(0, name.part)) + countCorners([steps.now[name.part].slice(0, name.ring)]) + name.at + 1;
  say(fill(words.corner, { number, all: countCorners(steps.now), lon: corner[0].toFixed(5), lat: corner[1].toFixed(5) }));
}

const shaping = {
  rectangle: (from, to) => (wandered(to, from) ? rectangle(pairOf(from), pairOf(to)) : null),
  circle(from, to) {
    if (wandered(to, from)) radius.value = Math.max(1, Math.round(metresBetween(pairOf(from), pairOf(to))));
    return circle(pairOf(from), Math.min(50000, Math.max(1, Number(radius.value) || 200)));
  },
};

map.on("view", (place) => { view = place; });
map.on("press", (place) => {
  if (tool === "outline") return false;
  if (tool !== "move") { held = { from: place }; return true; }
  const found = hit(steps.now, place, place.reach);
  if (!found) return false;
  held = { from: place, name: found.kind === "corner" ? found : null, edge: found.kind === "edge" ? found : null, before: steps.now };
  selected = held.name && { part: found.part, ring: found.ring, at: found.at };
  show();
  return true;
});
map.on("drag", (place) => {
  if (!held) return;
  if (shaping[tool]) guide = shaping[tool](held.from, place);
  else if (held.name || wandered(place, held.from)) {
    if (!held.name) {
      held.before = inserted(held.before, held.edge, pairOf(place));
      held.name = { ...held.edge, at: held.edge.at + 1 };
      selected = held.name;
    }
    if (live || wandered(place, held.from)) live = moved(held.before, held.name, drawnTo(place));
  }
  show();
});
map.on("release", (place) => {
  const was = held;
  held = null;
  if (was && shaping[tool]) {
    const ring = shaping[tool](was.from, place);
    if (ring) addRing(ring);
    else show();
  } else commit(live);
});
map.on("tap", (place) => {
  if (tool === "move") selected = null;
  if (tool === "outline") {
    const isClosing = pending.length > 2 && hit([[pending]], place, place.reach)?.at === 0;
    if (isClosing) { doing.close(); return; }
    const last = pending.at(-1);
    const corner = drawnTo(place);
    if (!last || wandered(place, { lon: last[0], lat: last[1] })) pending = [...pending, corner];
  }
  show();
});
map.on("finish", () => { if (tool === "outline") doing.close(); });
map.on("hover", (place) => {
  cursor = place;
  if (pending.length) show();
  return tool === "move" && Boolean(hit(steps.now, place, place.reach));
});

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const PRESSED = {
  n: () => pick(nextCorner(steps.now, selected, 1)),
  p: () => pick(nextCorner(steps.now, selected, -1)),
  i() {
    const corner = cornerAt(steps.now, selected);
    if (!corner) return;
    const ring = steps.now[selected.part][selected.ring];
    const next = ring[(selected.at + 1) % ring.length];
    commit(inserted(steps.now, selected, [(corner[0] + next[0]) / 2, (corner[1] + next[1]) / 2]));
    pick({ ...selected, at: selected.at + 1 });
  },
  Delete: () => doing.remove(),
  Backspace: () => doing.remove(),
  Enter: () => doing.close(),
  Escape() { if (pending.length) choose("outline"); else if (tool !== "move") choose("move"); else selected = null; },
};

element.addEventListener("keydown", (event) => {
  if (event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return;
  const [east, north] = ARROWS[event.key] ?? [];
  const corner = cornerAt(steps.now, selected);
  const far = event.shiftKey ? 10 : 1;
  if (east !== undefined && corner && view) {
    commit(moved(steps.now, selected, [corner[0] + east * far * view.pixel.lon, corner[1] + north * far * view.pixel.lat]));
    pick(selected);
  } else if (PRESSED[event.key]) PRESSED[event.key]();
  else return;
  event.preventDefault();
  event.stopPropagation(); // else the map pans
  show();
}, true);
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "z") return;
  if (event.target.closest("input, textarea, select")) return; // a field takes its own typing back
  event.preventDefault();
  act(event.shiftKey ? "redo" : "undo");
});
page.addEventListener("click", (event) => {
  const { tool: name, do: verb } = event.target.closest("[data-tool], [data-do]")?.dataset ?? {};
  if (name) choose(name);
  if (verb) act(verb);
});

// What is typed is drawn at once where it is in degrees; else the preview shows it.
function readTyped() {
  if (!isDegrees()) { tell(words.later); return null; }
  const told = read(text.value);
  if (told.shape) return told.shape;
  tell(fill(words.problems[told.problem], { line: told.line }));
  return null;
}
text.addEventListener("input", () => { live = readTyped(); if (live) show(); });
text.addEventListener("change", () => {
  const shape = readTyped();
  live = null;
  selected = null;
  if (shape) { steps.push(shape); show(); }
});
form.addEventListener("input", changed);
form.addEventListener("submit", (event) => {
  const problem = !navigator.onLine ? words.offline : (pending.length ? words.unfinished : "");
  if (problem) { event.preventDefault(); toast(problem); } else if (event.submitter?.name === "save") drafts.sent(key);
});
page.querySelectorAll("[data-discard]").forEach((one) => one.addEventListener("click", () => drafts.forget(key)));

function restore() {
  const draft = page.dataset.answered ? null : drafts.kept(key);
  if (!draft) return;
  drafts.refill(form, draft.fields);
  const { shape } = isDegrees() ? read(text.value) : {};
  if (shape) steps.push(shape);
  const at = new Date(draft.at).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });
  const notice = document.getElementById("restored");
  notice.hidden = false;
  notice.querySelector("time").textContent = at;
}

async function begin() {
  map.fit(JSON.parse(element.dataset.bounds));
  restore();
  show();
  page.querySelector("#how").textContent = words.tools.move;
  const [areas, zones] = await Promise.all([getJson(element.dataset.areas), getJson("/geo/zones.geojson")]);
  map.show("areas", areas);
  const others = zones.features.filter((zone) => zone.id !== page.dataset.zone);
  map.show("zones", { type: "FeatureCollection", features: page.dataset.conflict ? zones.features : others });
  borders = others.flatMap((zone) => read(JSON.stringify(zone.geometry)).shape ?? []);
  const places = steps.now.flat(2);
  if (places.length) map.fit([0, 1].map((axis) => Math.min(...places.map((one) => one[axis]))).concat([0, 1].map((axis) => Math.max(...places.map((one) => one[axis])))));
  const tried = document.getElementById("tried-points");
  if (tried) {
    const { found, gone } = JSON.parse(tried.textContent);
    map.show("alerts", found);
    map.show("units", gone);
  }
  show();
  element.dataset.ready = "true";
}
begin();

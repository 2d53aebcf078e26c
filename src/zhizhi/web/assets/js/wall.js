// The wall: scenes in turn, a map that is only looked at, numbers that follow what happens, and a
// line that says whether they do. It runs for weeks with nobody there, so it heals by itself.
import { breathe, getJson } from "./page.js";
import { put } from "./hypertext.js";
import { createMap } from "./map.js";
import { start } from "./live.js";

const SCENE_MS = 30_000;
const POLL_MS = 10_000; // also without a change: ages, limits that pass, a pass that ends
const words = document.body.dataset;
const element = document.querySelector(".map");
const map = createMap(element, { isStill: true });
const find = (selector) => document.querySelector(selector);

// The clock shows the server's time, whatever the clock of this machine says.
const clock = find("#clock");
const language = document.documentElement.lang;
const zone = { timeZone: words.zone, hourCycle: "h23" };
const timeOf = new Intl.DateTimeFormat(language, { ...zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayOf = new Intl.DateTimeFormat("sv", { timeZone: words.zone });
const weekdayOf = new Intl.DateTimeFormat(language, { timeZone: words.zone, weekday: "long" });
let ahead = Number(words.now) * 1000 - Date.now();
const serverNow = () => new Date(Date.now() + ahead);
function tick() {
  const now = serverNow();
  clock.dateTime = now.toISOString();
  clock.querySelector("b").textContent = timeOf.format(now);
  clock.querySelector("span").textContent = `${dayOf.format(now)} ${weekdayOf.format(now)}`;
  setTimeout(tick, 1000 - (now.getTime() % 1000));
}

// Whether what is shown is what happens: by the stream, by asking, or not at all.
const line = find("[data-connection]");
let stream = "connecting";
let isFresh = true;
let shownAt = serverNow();
function tell() {
  const state = !isFresh ? "offline" : stream === "online" ? "online" : "polling";
  line.dataset.state = state;
  const text = state === "offline" ? `${line.dataset.offline} ${timeOf.format(shownAt)}` : line.dataset[state];
  if (line.textContent !== text) line.textContent = text;
}

let drawnAreas = element.dataset.areas;
let isAsServed = true; // numbers that came with the page are drawn anew when it asks again
async function draw(now) {
  if (!isAsServed) Object.entries(now.parts).forEach(([id, text]) => put(id, text));
  isAsServed = false;
  ["counts", "alerts"].forEach((layer) => map.show(layer, now[layer]));
  if (now.areas !== drawnAreas) {
    map.show("areas", await getJson(now.areas));
    drawnAreas = now.areas;
  }
}

let isAsking = false;
let isWanted = false;
async function refresh() {
  isWanted = true;
  if (isAsking) return;
  isAsking = true;
  while (isWanted) {
    isWanted = false;
    await ask();
  }
  isAsking = false;
  tell();
}

async function ask() {
  const began = Date.now();
  try {
    const answer = await fetch("/wall/now", { cache: "no-store", signal: AbortSignal.timeout(POLL_MS) });
    if (answer.status === 403) location.reload(); // the page says why and what to do
    if (!answer.ok) throw new Error(`${answer.status}`);
    const built = answer.headers.get("X-Built");
    if (built && built !== words.built) location.reload();
    ahead = Number(answer.headers.get("X-Now")) - (began + Date.now()) / 2;
    await draw(await answer.json());
    shownAt = serverNow();
    isFresh = true;
  } catch {
    isFresh = false;
  }
}

document.body.addEventListener("live", () => { isAsServed = false; refresh(); });
document.body.addEventListener("live-state", ({ detail }) => {
  const was = stream;
  stream = detail.state;
  if (stream === "offline" || (stream === "online" && was === "offline")) refresh();
  tell();
});
setInterval(refresh, POLL_MS);

// Scenes. On a very wide screen the map stays and the others take turns beside it.
const wide = matchMedia("(min-aspect-ratio: 5/2) and (min-width: 70rem)");
const flat = matchMedia("(max-width: 56rem)"); // a phone shows all of them below one another
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const scenes = [...document.querySelectorAll(".scene")];
const button = find("[data-pause]");
let shown = scenes.findIndex((scene) => `#${scene.id}` === location.hash);
let isPaused = calm.matches; // whoever asked for less motion starts it by hand
let timer = 0;
const inTurn = () => (wide.matches ? scenes.slice(1) : scenes);

function show(scene) {
  const turns = inTurn();
  const now = turns.includes(scene) ? scene : turns[0];
  shown = scenes.indexOf(now);
  scenes.forEach((one) => {
    const isShown = flat.matches || one === now || !turns.includes(one);
    one.classList.toggle("is-shown", isShown);
    one.inert = !isShown;
  });
  document.querySelectorAll("[data-to]").forEach((dot) => {
    const mine = scenes.find((one) => one.dataset.scene === dot.dataset.to);
    dot.parentElement.hidden = !turns.includes(mine);
    if (mine === now) dot.setAttribute("aria-current", "true");
    else dot.removeAttribute("aria-current");
  });
  clearTimeout(timer);
  if (!isPaused && !flat.matches) timer = setTimeout(() => step(1), SCENE_MS);
}

function step(by) {
  const turns = inTurn();
  const at = turns.indexOf(scenes[shown]);
  show(turns[(at + by + turns.length) % turns.length]);
}

function pause() {
  isPaused = !isPaused;
  button.setAttribute("aria-pressed", String(isPaused));
  show(scenes[shown]);
}

button.setAttribute("aria-pressed", String(isPaused));
button.addEventListener("click", pause);
document.addEventListener("click", (event) => {
  const dot = event.target.closest("[data-to]");
  if (!dot) return;
  event.preventDefault();
  show(scenes.find((one) => one.dataset.scene === dot.dataset.to));
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || flat.matches) return;
  const isOnButton = event.target.closest("button");
  if (event.key === "ArrowRight") step(1);
  else if (event.key === "ArrowLeft") step(-1);
  else if (event.key === " " && !isOnButton) pause();
  else return;
  event.preventDefault();
});
[wide, flat].forEach((query) => query.addEventListener("change", () => show(scenes[shown])));

async function begin() {
  map.fit(JSON.parse(element.dataset.bounds));
  const counted = refresh(); // before the areas, which are then drawn once, in their shades
  const [areas, zones] = await Promise.all([getJson(drawnAreas), getJson(element.dataset.zones)]);
  map.show("areas", areas);
  await breathe();
  map.show("zones", zones);
  await counted;
  element.dataset.ready = "true";
}

show(scenes[shown] ?? scenes[0]);
if (find("[data-chart]")) import("./chart.js");
tick();
start("/wall/events");
begin().catch(() => setTimeout(() => location.reload(), POLL_MS));

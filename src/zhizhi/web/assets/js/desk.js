// The desk: queue, map, units and detail kept in step; one key for each thing done often.
import { breathe, getJson, toast } from "./page.js";
import { get, post, put } from "./hypertext.js";
import { createMap } from "./map.js";
import { pause, start } from "./live.js";
import { createChoosing } from "./choosing.js";
import { createDragging } from "./dragging.js";
import { createWindows } from "./windows.js";
import { fill, typedIn } from "./typed.js";
import * as presence from "./presence.js";
import * as keys from "./keys.js";

const desk = document.querySelector(".desk");
const element = desk.querySelector(".map");
const map = createMap(element);
const find = (selector) => document.querySelector(selector);
const rows = () => [...document.querySelectorAll("#queue a[data-case]")];
const current = () => find('#queue a[aria-current="true"]');
const choosing = createChoosing(find("#queue"), find("#bulk"));
const placeOf = (row) => row && { lon: Number(row.dataset.lon), lat: Number(row.dataset.lat) };

function press(selector) {
  const found = find(selector);
  found?.click();
  return Boolean(found);
}

function mark(id) {
  rows().forEach((row) => {
    if (row.dataset.case === String(id)) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  });
}

const detail = (id) => get(`/cases/${id}/detail`, "#detail");
const clearSuggestions = () => find("#suggestions")?.replaceChildren();

function choose(id) {
  desk.dataset.case = id;
  mark(id);
  current()?.scrollIntoView({ block: "nearest" });
  map.select(Number(id), placeOf(current()));
  const url = new URL(location.href);
  url.searchParams.set("case", id);
  history.replaceState(null, "", url);
  clearSuggestions();
  isBehind = false;
  presence.watch(id);
}

// Words typed about one case wait there while another is looked at.
const typed = new Map();
async function open(id) {
  if (desk.dataset.case !== String(id)) typed.set(desk.dataset.case, typedIn(find("#detail")));
  choose(id);
  await detail(id);
  fill(find("#detail"), typed.get(String(id)) ?? []);
  typed.delete(String(id));
  find(".detail-pane").scrollTop = 0;
  if (matchMedia("(max-width: 48rem)").matches) find(".detail-pane").scrollIntoView();
}

async function step(by) {
  let all = rows();
  if (!all.length) return;
  const isAtEnd = current() && current() === all.at(by > 0 ? -1 : 0);
  if (isAtEnd && (await windows.shift(by).catch(() => false))) all = rows();
  const at = all.indexOf(current());
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))];
  next.focus({ preventScroll: true });
  open(next.dataset.case);
}

// The case that came last, wherever its severity has put it and whichever rows are shown.
let newestCase = null;
function newest() {
  const id = newestCase ?? Math.max(0, ...rows().map((row) => Number(row.dataset.case)));
  if (!id) return;
  find(`#queue a[data-case="${id}"]`)?.focus({ preventScroll: true });
  open(String(id));
}

function send() {
  const first = find("#suggestions .units button[type=submit]");
  if (!first) press('#detail [data-key="d"]');
  else if (document.activeElement?.closest("#suggestions .units button")) document.activeElement.click();
  else first.click();
}

// What was dragged together is sent as the form would; words typed about another case stay there.
async function sendDragged({ unit, case: id, unitName, caseName }) {
  const isTyped = [...document.querySelectorAll("#detail textarea")].some((area) => area.value.trim());
  const stays = isTyped && desk.dataset.case !== id;
  if (!stays) choose(id);
  const isDone = await post(`/cases/${id}/dispatch/`, { unit }, "#detail", stays ? "none" : "innerMorph");
  if (isDone) toast(carried.dataset.sent.replace("{unit}", unitName).replace("{case}", caseName), "success");
}
const carried = find("#carried");
if (carried) createDragging({ queue: find("#queue"), map: element, ghost: carried, send: sendDragged, say: toast });

// A number gives the macro of that number, while the list of macros is open.
function give(number) {
  const row = find(`#suggestions .macros [data-number="${number}"]`);
  if (row?.matches("button")) row.click();
  else if (row) toast(row.querySelector(".how").textContent);
  return Boolean(row);
}
const numbers = Object.fromEntries([..."123456789"].map((number) => [number, () => give(number)]));

// The address of the desk says the filter, the windows say which rows of it are shown.
function address(also = "") {
  const query = new URLSearchParams(location.search);
  ["from", "windows"].forEach((name) => query.delete(name));
  return `/desk/now?${query}&${windows.query()}${also}`;
}
async function draw(parts) {
  await windows.keep(() => Promise.all(Object.entries(parts).map(([id, text]) => put(id, text))));
  mark(desk.dataset.case);
  choosing.restore();
}
const windows = createWindows(find("#queue"), async () => draw((await getJson(address("&only=queue"))).parts));

const REST_MS = 250; // between two drawings: a flood of alerts must not take the screen away
let isLoading = false;
let isWanted = false;
let isAsServed = true; // rows that came with the page are drawn anew when something has changed
async function refresh() {
  isWanted = true;
  if (isLoading) return;
  isLoading = true;
  try {
    while (isWanted) {
      isWanted = false;
      const rest = new Promise((done) => { setTimeout(done, REST_MS); });
      const now = await getJson(address());
      if (!isAsServed) await draw(now.parts);
      isAsServed = false;
      newestCase = now.newest;
      ["counts", "units", "alerts"].forEach((layer) => map.show(layer, now[layer]));
      await rest;
    }
  } catch {
    toast(document.body.dataset.lost);
  } finally {
    isLoading = false;
  }
}

// What the reader is doing in the detail stays: typed text, open folds, chosen suggestion. What came
// meanwhile is fetched when that is over.
const SAID_MS = 15_000; // what an act has said stays to be read, though its own change is drawn at once
let said = null; // the newest: an act may be answered while the detail is fetched for the one before
let isActing = false; // until an act is answered and its answer drawn, nothing may be drawn over it
let isBehind = false;
async function again(id) {
  const kept = typedIn(find("#detail"));
  await detail(id);
  if (desk.dataset.case !== id) return;
  fill(find("#detail"), kept);
  const isToBeRead = said?.id === id && said.till > Date.now();
  if (isToBeRead && !find("#detail > .notice")) find("#detail").prepend(said.notice.cloneNode(true));
}
function catchUp() {
  if (isBehind && desk.dataset.case) again(desk.dataset.case);
  isBehind = false;
}
function follow(subjects) {
  const id = desk.dataset.case;
  const isWriting = find("#detail textarea:focus, #detail input:focus");
  const isOurs = subjects.has(`case:${id}`) || subjects.has("*");
  if (!id || !isOurs) return;
  isBehind = true;
  if (!isActing && !isWriting && !find("#suggestions")?.children.length) catchUp();
}

document.addEventListener("click", (event) => {
  const row = event.target.closest("a[data-case]");
  if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(row.dataset.case);
});
map.on("alert", open);

document.body.addEventListener("live", ({ detail: told }) => {
  isAsServed = false;
  refresh();
  follow(told.subjects);
});
document.body.addEventListener("live-state", ({ detail: told }) => {
  const line = find("[data-connection]");
  line.textContent = line.dataset[told.state] ?? line.textContent;
  line.dataset.state = told.state;
  const held = find("[data-held]");
  held.hidden = !told.isPaused;
  held.textContent = held.dataset.held.replace("0", told.held);
  document.querySelectorAll('.status [data-key="p"]').forEach((button) => button.setAttribute("aria-pressed", String(told.isPaused)));
});

const isAct = ({ ctx }) => ctx.request?.method === "POST";
document.addEventListener("htmx:before:request", ({ detail: told }) => {
  if (isAct(told)) isActing = true;
});
document.body.addEventListener("htmx:after:request", ({ detail: told }) => {
  if (!isAct(told)) return;
  if (told.ctx.sourceElement?.id === "bulk" && told.ctx.response?.raw?.ok) choosing.clear();
  clearSuggestions();
});
// On the document: the form that was sent may be gone when its answer has been drawn.
document.addEventListener("htmx:finally:request", ({ detail: told }) => {
  if (!isAct(told)) return;
  isActing = false;
  catchUp();
});
document.body.addEventListener("htmx:after:swap", () => {
  const notice = find("#detail > .notice")?.cloneNode(true);
  if (notice) said = { id: desk.dataset.case, notice, till: Date.now() + SAID_MS };
  const first = find("#suggestions button[type=submit]");
  if (first && !document.activeElement?.closest("#suggestions")) first.focus();
});

setInterval(() => {
  const button = find("[data-until]");
  const left = button && Math.ceil((Date.parse(button.dataset.until) - Date.now()) / 1000);
  if (!button) return;
  if (left > 0) button.querySelector("[data-left]").textContent = left;
  else button.closest("form").remove();
}, 500);

const help = () => find("#keys").showModal();
const pressed = {
  p: pause,
  "?": help,
  keys: (button) => { keys.toggle(); button.setAttribute("aria-pressed", String(keys.isOn())); },
};
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-key]");
  pressed[button?.dataset.key]?.(button);
});
find('[data-key="keys"]').setAttribute("aria-pressed", String(keys.isOn()));

const inQueue = (event, by) => (event.target.closest("#queue") ? step(by) : false);
const among = (event, by) => {
  const all = [...document.querySelectorAll("#suggestions button[type=submit]")];
  const at = all.indexOf(document.activeElement);
  if (at < 0) return inQueue(event, by);
  all[Math.max(0, Math.min(all.length - 1, at + by))].focus();
  return true;
};
keys.bind({
  j: () => step(1),
  k: () => step(-1),
  ArrowDown: (event) => among(event, 1),
  ArrowUp: (event) => among(event, -1),
  n: newest,
  x: () => choosing.toggle(current() ?? document.activeElement.closest("#queue a[data-case]") ?? rows()[0]),
  a: () => press('#detail [data-key="a"]'),
  d: send,
  m: () => press('#detail [data-key="m"]'),
  ...numbers,
  z: () => press('#detail [data-key="z"]'),
  p: pause,
  "/": () => find(".queue-head input[type=search]").focus(),
  "?": help,
  Escape: () => {
    const had = find("#suggestions")?.children.length > 0;
    clearSuggestions();
    if (!had) choosing.clear();
    catchUp();
    current()?.focus();
  },
});

async function begin() {
  map.fit(JSON.parse(element.dataset.bounds));
  const counted = refresh(); // before the areas, which are then drawn once, in their shades
  const [areas, zones] = await Promise.all([getJson(element.dataset.areas), getJson("/geo/zones.geojson")]);
  map.show("areas", areas);
  await breathe();
  map.show("zones", zones);
  await counted;
  if (desk.dataset.case) map.select(Number(desk.dataset.case), placeOf(current()));
  element.dataset.ready = "true";
}
presence.start(Boolean(carried));
presence.watch(desk.dataset.case);
start("/events/");
begin().catch(() => toast(document.body.dataset.lost));

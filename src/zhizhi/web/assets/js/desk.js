// The desk: queue, map and detail kept in step; one key for each thing done often.
import "./page.js";
import { createMap, getJson } from "./map.js";
import { start, pause } from "./live.js";
import * as keys from "./keys.js";

const element = document.querySelector(".map");
const desk = document.querySelector(".desk");
const map = createMap(element);
const rows = () => [...document.querySelectorAll(".queue a")];
const chosen = () => document.querySelector('.queue a[aria-current="true"]');
const press = (selector) => { const found = document.querySelector(selector); found?.click(); return Boolean(found); };

function mark(id) {
  rows().forEach((row) => {
    if (row.dataset.case === String(id)) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  });
  const row = chosen();
  row?.scrollIntoView({ block: "nearest" });
  map.select(Number(id), row && { lon: Number(row.dataset.lon), lat: Number(row.dataset.lat) });
}

async function open(id) {
  desk.dataset.case = id;
  mark(id);
  const url = new URL(location.href);
  url.searchParams.set("case", id);
  history.replaceState(null, "", url);
  await window.htmx.ajax("GET", `/cases/${id}/detail`, { target: "#detail", swap: "innerMorph" });
}

function step(by) {
  const all = rows();
  if (!all.length) return;
  const index = all.indexOf(chosen());
  const next = all[Math.max(0, Math.min(all.length - 1, index < 0 ? 0 : index + by))];
  next.focus({ preventScroll: true });
  open(next.dataset.case);
}

function send() {
  const first = document.querySelector(".suggestions button");
  if (first) { first.click(); return; }
  press('[data-key="d"]');
}

let refreshing = false;
let again = false;
async function refresh() {
  if (refreshing) { again = true; return; }
  refreshing = true;
  try {
    const query = location.search;
    await window.htmx.ajax("GET", `/desk/queue${query}`, { target: "#queue", swap: "innerMorph" });
    mark(desk.dataset.case);
    const [counts, alerts, units] = await Promise.all([getJson("/geo/counts.json"), getJson(`/geo/alerts.json${query}`), getJson("/geo/units.json")]);
    map.show("counts", counts);
    map.show("units", units);
    map.show("alerts", alerts);
  } finally {
    refreshing = false;
    if (again) { again = false; refresh(); }
  }
}

document.addEventListener("click", (event) => {
  const row = event.target.closest(".queue a");
  if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(row.dataset.case);
});
map.on("alert", open);

document.body.addEventListener("live", ({ detail }) => {
  refresh();
  const id = desk.dataset.case;
  const isBusy = document.querySelector("#suggestions > *") || document.querySelector("#detail :focus:is(input, textarea)");
  if (id && !isBusy && (detail.subjects.includes(`case:${id}`) || detail.subjects.includes("*"))) {
    window.htmx.ajax("GET", `/cases/${id}/detail`, { target: "#detail", swap: "innerMorph" });
  }
});
document.body.addEventListener("live-state", ({ detail }) => {
  const line = document.querySelector("[data-held]");
  line.textContent = detail.isPaused ? line.dataset.held.replace("0", detail.held) : "";
  document.querySelector('[data-key="p"]').setAttribute("aria-pressed", String(detail.isPaused));
});
document.body.addEventListener("htmx:after:swap", () => {
  document.querySelector("#detail .suggestions button")?.focus();
});

document.addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]")?.dataset.key;
  if (key === "p") pause();
  if (key === "?") document.getElementById("keys").showModal();
  if (key === "keys") { keys.toggle(); event.target.closest("[data-key]").setAttribute("aria-pressed", String(keys.isOn())); }
});

keys.bind({
  j: () => step(1),
  k: () => step(-1),
  ArrowDown: (event) => (event.target.closest("#queue") ? step(1) : false),
  ArrowUp: (event) => (event.target.closest("#queue") ? step(-1) : false),
  a: () => press('[data-key="a"]'),
  d: send,
  z: () => press('[data-key="z"]'),
  p: () => pause(),
  "/": () => document.querySelector('.queue-head input[type="search"]').focus(),
  "?": () => document.getElementById("keys").showModal(),
  Escape: () => { document.getElementById("suggestions")?.replaceChildren(); },
});

async function begin() {
  map.fit(JSON.parse(element.dataset.bounds));
  map.show("areas", await getJson(element.dataset.areas));
  map.show("zones", await getJson("/geo/zones.geojson"));
  await refresh();
  if (desk.dataset.case) mark(desk.dataset.case);
  element.dataset.ready = "true";
}
start("/events/");
begin();

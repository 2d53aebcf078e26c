// Who else has the open case open. A visible tab gives a sign of life every 15 s; a hidden one gives
// none and counts as gone 40 s later, a closed one says so itself. The others hear of it at once.
import { csrf } from "./page.js";

const BEAT_MS = 15_000;
const tab = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
let watched = null;
let entered = false;
let isAttending = false;

const body = () => new URLSearchParams({ tab, csrfmiddlewaretoken: csrf() });

function show(who) {
  const line = document.querySelector("[data-present]");
  if (!line) return;
  line.querySelector("[data-who]").textContent = who.join(line.dataset.between);
  line.hidden = who.length === 0;
}

async function beat() {
  if (!isAttending || !watched || document.visibilityState !== "visible") return;
  const about = watched;
  entered = true;
  try {
    const answer = await fetch(`/cases/${about}/present/`, { method: "POST", body: body(), headers: { Accept: "application/json" } });
    if (answer.ok && !answer.redirected && about === watched) show((await answer.json()).who);
  } catch { /* without a connection nobody is told, and the page says so already */ }
}

export function watch(id) {
  watched = id || null;
  beat();
}

// Whoever may only look is told of the others and is not told of.
export function start(attends) {
  isAttending = attends;
  setInterval(beat, BEAT_MS);
  document.addEventListener("visibilitychange", beat);
  addEventListener("pagehide", () => { if (entered) navigator.sendBeacon("/presence/leave/", body()); });
  document.body.addEventListener("present", ({ detail }) => {
    if (String(detail.case) === String(watched)) show(detail.who);
  });
}

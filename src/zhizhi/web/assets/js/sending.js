// Sends what waits on this phone, one after the other, the oldest first, until each has arrived once.
import { csrf } from "./page.js";
import { bodyOf, draftOf, forget, keep, unsent } from "./drafts.js";

const LOCK = "zhizhi-drafts";
const LONGEST_MS = 180_000; // a photo over a weak connection
const words = document.body.dataset;
const channel = window.BroadcastChannel ? new BroadcastChannel(LOCK) : null;
const heard = [];
export const state = { sending: "", isSignedOut: false };

// Whoever shows the drafts hears of every change, in whichever tab it came.
export function onChange(listen) {
  heard.push(listen);
  if (channel) channel.onmessage = () => heard.forEach((one) => one());
}
export function changed() {
  channel?.postMessage("changed");
  return Promise.all(heard.map((one) => one()));
}

// One tab at a time; without locks (no HTTPS) the server tells a second arrival by its key.
const alone = (work) => (navigator.locks ? navigator.locks.request(LOCK, work) : work());

// Resolves to whether the draft was still there; one that is just being sent is waited for.
export const drop = (key) => alone(async () => {
  const wasThere = Boolean(await draftOf(key));
  await forget(key);
  await changed();
  return wasThere;
});

export async function again(key) {
  const draft = await draftOf(key);
  if (draft) await keep({ ...draft, refusal: "", lost: [] });
  return send();
}

async function post(draft) {
  const answer = await fetch(draft.url, {
    method: "POST", body: bodyOf(draft), headers: { "X-CSRFToken": csrf(), Accept: "application/json" },
    signal: AbortSignal.timeout?.(LONGEST_MS),
  });
  if (answer.status === 403 || (answer.redirected && new URL(answer.url).pathname.startsWith("/sign-in"))) return { result: "signed-out" };
  if (answer.status >= 500 || answer.status === 408 || answer.status === 429) return { result: "later" };
  const told = await answer.json().catch(() => ({}));
  if (answer.ok && told.arrived) return { result: "arrived" };
  return answer.ok ? { result: "later" } : { result: "refused", reason: told.reason || words.refused };
}

// Returns what becomes of one draft: "arrived" drafts are gone, all others stay.
async function deliver(draft) {
  state.sending = draft.key;
  await changed();
  const { result, reason } = await post(draft).catch(() => ({ result: "later" }));
  state.sending = "";
  state.isSignedOut = result === "signed-out";
  if (result === "arrived") await forget(draft.key);
  else await keep({ ...draft, tries: draft.tries + 1, triedAt: Date.now(), refusal: reason ?? "" });
  return result;
}

// What waits for its turn is read anew each time: another tab may have sent or deleted it.
async function round() {
  const seen = new Set();
  const arrived = [];
  for (;;) {
    const { mine } = await unsent();
    const draft = mine.find((one) => !one.refusal && !seen.has(one.key));
    if (!draft) return arrived;
    seen.add(draft.key);
    const result = await deliver(draft);
    if (result === "arrived") arrived.push(draft);
    if (result === "signed-out" || result === "later") return arrived;
  }
}

let running = null;
let isAsked = false;
// Resolves to the drafts that arrived. Asked while it runs, it runs once more.
export function send() {
  if (running) {
    isAsked = true;
    return running;
  }
  running = alone(round).catch(() => []).finally(async () => {
    running = null;
    await changed();
    if (isAsked) {
      isAsked = false;
      send();
    }
  });
  return running;
}

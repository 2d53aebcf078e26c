// The unit's phone: what is written becomes a draft on the phone first, and is sent until it arrives.
import { toast } from "./page.js";
import { get } from "./hypertext.js";
import { start } from "./live.js";
import { canKeep, corrected, freshKey, keep, written } from "./drafts.js";
import { changed, onChange, send } from "./sending.js";
import { show } from "./draft_list.js";
import { isRecording, offer, stop } from "./recorder.js";
import { forgetPosition, locate, place, restorePosition } from "./position.js";
import { keepTyped, leaveTyped } from "./typed.js";

const AGAIN_MS = 15_000;
const words = document.body.dataset;
const box = document.querySelector("[data-drafts]");
let isKeeping = true;

// Without a place for drafts the plain form goes straight to the server.
function cannotKeep(name) {
  isKeeping = false;
  document.querySelector(`[data-cannot="${name}"]`).hidden = false;
}

const refresh = () => get("/my/", "#tasks");
document.body.addEventListener("htmx:after:swap", () => {
  offer();
  restorePosition();
  show();
});

async function deliver() {
  const arrived = await send();
  if (!arrived.length) return;
  toast(arrived.length === 1 ? arrived[0].said || words.arrived : words.arrivedMany.replace("{n}", arrived.length), "success");
  await refresh();
  arrived.forEach(({ url }) => unfold(url.replace(/arrive\/$/, "report/")));
}

// Whoever has arrived reports next; what was folded stays folded otherwise.
function unfold(url) {
  const form = [...document.querySelectorAll("form[data-draft]")].find((one) => one.action === url);
  const fold = form?.closest("details");
  if (fold) fold.open = true;
}

function sendPlainly(form) {
  if (!navigator.onLine) {
    toast(words.stay);
    return;
  }
  if (form.elements.device_at) form.elements.device_at.value = new Date().toISOString();
  leaveTyped(); // should nobody answer
  HTMLFormElement.prototype.submit.call(form);
}

// The form is free for the next report, which gets a key of its own.
function clear(form) {
  form.reset();
  corrected.delete(form);
  if (form.elements.key) form.elements.key.value = freshKey();
  forgetPosition(form);
  keepTyped(); // what was typed lies in the draft now
}

async function take(form, submitter) {
  await stop(); // whoever sends while recording has said enough
  const draft = await written(form, submitter);
  if (draft.lost.length) draft.refusal = words.photoLost;
  try {
    await keep(draft);
  } catch (error) {
    cannotKeep(error?.name === "QuotaExceededError" ? "full" : "closed");
    sendPlainly(form);
    return;
  }
  navigator.storage?.persist?.().catch(() => {});
  clear(form);
  await changed(); // the other tabs show it as well
  if (draft.refusal) toast(draft.refusal);
  else if (!navigator.onLine) toast(words.kept, "success");
  if (navigator.onLine) await deliver();
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-draft]");
  if (!form) return;
  event.preventDefault();
  if (!isKeeping) {
    stop().then(() => sendPlainly(form));
    return;
  }
  if (form.dataset.busy) return; // pressed twice
  form.dataset.busy = "1";
  take(form, event.submitter).finally(() => { delete form.dataset.busy; });
});
box.querySelector("[data-send]").addEventListener("click", deliver);
addEventListener("online", deliver);
setInterval(() => { if (navigator.onLine) deliver(); }, AGAIN_MS);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-locate]");
  if (button) locate(button);
});

// What somebody is writing is left alone; the next change or report brings the rest.
document.body.addEventListener("live", () => {
  const isWriting = [...document.querySelectorAll("form[data-draft]")].some((form) => form.querySelector("textarea")?.value
    || [...form.querySelectorAll("[type=file]")].some((one) => one.files.length) || form.querySelector("input:checked") || form.elements.fixed_at?.value);
  if (!isWriting && !isRecording() && !document.querySelector("#tasks :focus:is(input, textarea)")) refresh().then(place);
});
onChange(show);
offer();
start("/events/");
place();
canKeep().then((can) => (can ? show().then(deliver) : cannotKeep("closed")));

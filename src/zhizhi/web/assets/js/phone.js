// The unit's phone: reports become drafts on the phone first and are sent until they arrive once.
import { csrf, toast } from "./page.js";
import { get } from "./hypertext.js";
import { start } from "./live.js";
import { draftOf, forget, keep, unsent } from "./drafts.js";

const AGAIN_MS = 15_000;
const words = document.body.dataset;
const box = document.querySelector("[data-drafts]");
const list = box.querySelector("ul");

function line(draft) {
  const item = document.createElement("li");
  const text = draft.fields.find(([name]) => name === "note")?.[1] ?? "";
  item.textContent = [draft.title, draft.refusal || words.waiting, text].filter(Boolean).join(" · ");
  if (draft.refusal) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = words.discard;
    button.addEventListener("click", async () => { await forget(draft.key); await show(); });
    item.append(document.createElement("br"), button);
  }
  return item;
}

async function show() {
  const drafts = await unsent();
  box.hidden = drafts.length === 0;
  list.replaceChildren(...drafts.map(line));
}

const refresh = () => get("/my/", "#tasks");

async function post(draft) {
  const body = new FormData();
  draft.fields.forEach(([name, value]) => body.append(name, value));
  const answer = await fetch(draft.url, { method: "POST", body, headers: { "X-CSRFToken": csrf(), Accept: "application/json" } });
  if (answer.redirected && new URL(answer.url).pathname.startsWith("/sign-in")) return "signed-out";
  if (answer.status >= 500) return "again";
  const told = await answer.json().catch(() => ({}));
  if (answer.ok && told.arrived) return "arrived";
  await keep({ ...draft, refusal: told.reason || words.refused });
  return "refused";
}

let isSending = false;
async function send() {
  if (isSending) return;
  isSending = true;
  let arrived = 0;
  try {
    for (const draft of (await unsent()).filter((one) => !one.refusal)) {
      const result = await post(draft).catch(() => "again");
      if (result === "arrived") { await forget(draft.key); arrived += 1; }
      if (result === "signed-out" || result === "again") break;
    }
  } finally {
    isSending = false;
    await show();
  }
  if (arrived) {
    toast(words.arrived, "success");
    refresh();
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-draft]");
  if (!form || !window.indexedDB) return;
  event.preventDefault();
  await keep(draftOf(form, event.submitter));
  await show();
  await send();
});
box.querySelector("[data-send]").addEventListener("click", send);
addEventListener("online", send);
setInterval(send, AGAIN_MS);

function place() {
  navigator.geolocation?.getCurrentPosition(({ coords }) => {
    const found = { lon: coords.longitude.toFixed(6), lat: coords.latitude.toFixed(6) };
    Object.entries(found).forEach(([name, value]) => {
      document.querySelectorAll(`form[data-draft] input[name="${name}"]`).forEach((input) => { input.value = value; });
    });
  }, () => {}, { maximumAge: 60_000, timeout: 8000 });
}

// What somebody is writing is left alone; the next change or report brings the rest.
document.body.addEventListener("live", () => {
  const form = document.querySelector("form[data-draft]");
  const isWriting = form?.querySelector("textarea")?.value || form?.querySelector("[type=file]")?.files.length || form?.querySelector(":checked");
  if (!isWriting && !document.querySelector("#tasks :focus:is(input, textarea)")) refresh().then(place);
});
start("/events/");
place();
show();
send();

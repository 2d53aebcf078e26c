// The unit's phone: reports become drafts on the device first and are sent until they arrive once.
import { forms, keep, unsent, forget } from "./drafts.js";

const words = document.body.dataset;
const list = document.querySelector("[data-drafts]");

async function show() {
  const drafts = await unsent();
  list.hidden = drafts.length === 0;
  list.querySelector("[data-count]").textContent = String(drafts.length);
}

async function post(draft) {
  const body = new FormData();
  draft.fields.forEach(([name, value]) => body.append(name, value));
  const answer = await fetch(draft.url, {
    method: "POST", body, redirect: "follow",
    headers: { "X-CSRFToken": words.csrf, "X-Requested-With": "draft" },
  });
  if (answer.status === 401 || new URL(answer.url).pathname.startsWith("/sign-in")) return "signed-out";
  if (answer.ok || answer.status === 409 || answer.status === 410) return "arrived";
  if (answer.status >= 400 && answer.status < 500) return "refused";
  return "again";
}

let sending = false;
async function send() {
  if (sending) return;
  sending = true;
  let arrived = 0;
  try {
    for (const draft of await unsent()) {
      const result = await post(draft).catch(() => "again");
      if (result === "arrived") { await forget(draft.key); arrived += 1; }
      if (result === "signed-out" || result === "again") break;
      if (result === "refused") { list.dataset.refused = "true"; break; }
    }
  } finally {
    sending = false;
    await show();
  }
  if (arrived) location.reload();
}

forms("form[data-draft]", async (draft) => { await keep(draft); await show(); await send(); });
list.querySelector("button")?.addEventListener("click", send);
addEventListener("online", send);
setInterval(send, 15000);

navigator.geolocation?.getCurrentPosition(({ coords }) => {
  document.querySelectorAll('input[name="lon"]').forEach((input) => { input.value = coords.longitude.toFixed(6); });
  document.querySelectorAll('input[name="lat"]').forEach((input) => { input.value = coords.latitude.toFixed(6); });
}, () => {}, { maximumAge: 60000, timeout: 8000 });

const stream = new EventSource("/events/");
stream.addEventListener("change", () => {
  const isWriting = document.querySelector("form[data-draft] textarea")?.value || document.querySelector("form[data-draft] input[type=file]")?.files.length;
  if (!isWriting) location.reload();
});
addEventListener("pagehide", () => stream.close());
show();
send();

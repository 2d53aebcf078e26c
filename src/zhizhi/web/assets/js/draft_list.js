// Shows what has not been sent yet: what, which task, when, in which state, and what can be done.
import { toast } from "./page.js";
import { corrected, hasFile, textOf, unsent } from "./drafts.js";
import { again, drop, state } from "./sending.js";

const box = document.querySelector("[data-drafts]");
const said = box.dataset;
const list = box.querySelector("ul");
const pattern = box.querySelector("template").content.firstElementChild;
const timeZone = document.body.dataset.zone || undefined;
const clock = (at) => new Date(at).toLocaleString("sv-SE", { timeZone }).slice(5, 16);

function stateOf(draft) {
  if (state.sending === draft.key) return said.sending;
  if (draft.refusal) return draft.refusal;
  if (state.isSignedOut) return said.signedOut;
  if (!draft.tries) return said.waiting;
  return said.tried.replace("{n}", draft.tries).replace("{time}", clock(draft.triedAt));
}

const OWN = new Set(["key", "device_at"]); // each sending has its own
const formOf = (draft) => [...document.querySelectorAll("form[data-draft]")]
  .find((form) => form.action === draft.url && form.elements.note);

function putBack(field, value) {
  if (field instanceof RadioNodeList || field.type !== "radio") field.value = value;
  else field.checked = field.value === value;
}

// What was refused goes back into its form, under the same key: sent again, it takes the old one's
// place. A file cannot be put back; it is chosen again or left out.
function correct(draft) {
  const form = formOf(draft);
  corrected.set(form, draft.key);
  draft.fields.filter(([name, value]) => typeof value === "string" && !OWN.has(name) && form.elements[name])
    .forEach(([name, value]) => putBack(form.elements[name], value));
  for (let fold = form.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  form.elements.note.focus();
}

const acts = {
  again: (draft) => again(draft.key),
  correct,
  drop: async (draft) => {
    if (confirm(said.sure) && !await drop(draft.key)) toast(said.gone, "success");
  },
};

function fill(item, draft) {
  const put = (name, text) => {
    const place = item.querySelector(`[data-${name}]`);
    if (place.textContent !== text) place.textContent = text;
    place.hidden = !text;
  };
  put("kind", draft.kind || "");
  put("title", draft.title);
  put("at", clock(draft.at));
  put("state", stateOf(draft));
  put("text", textOf(draft, "note") || textOf(draft, "reason"));
  put("photo", ["photo", "voice"].filter((name) => hasFile(draft, name)).map((name) => said[name]).join(" · "));
  item.classList.toggle("refused", Boolean(draft.refusal));
  item.querySelector("button[data-correct]").hidden = !draft.refusal || !formOf(draft);
  item.querySelectorAll("button").forEach((button) => { button.disabled = state.sending === draft.key; });
  Object.entries(acts).forEach(([name, act]) => { item.querySelector(`button[data-${name}]`).onclick = () => act(draft); });
}

// A line stays the same element while its draft waits, so whoever has the focus on it keeps it.
function draw(drafts) {
  const known = new Map([...list.children].map((item) => [item.dataset.key, item]));
  drafts.forEach((draft) => {
    const item = known.get(draft.key) ?? pattern.cloneNode(true);
    item.dataset.key = draft.key;
    fill(item, draft);
    if (!known.delete(draft.key)) list.append(item);
  });
  known.forEach((item) => item.remove());
}

// Each task says how much of it still lies on this phone.
function mark(drafts) {
  document.querySelectorAll("[data-unsent]").forEach((place) => {
    const forms = place.closest("section").querySelectorAll("form[data-draft]");
    const own = new Set([...forms].map((form) => form.action));
    const count = drafts.filter((draft) => own.has(draft.url)).length;
    place.hidden = !count;
    place.textContent = said.count.replace("{n}", count);
  });
}

export async function show() {
  const { mine, others } = await unsent().catch(() => ({ mine: [], others: 0 }));
  box.hidden = mine.length + others === 0;
  box.querySelector("h2").textContent = said.count.replace("{n}", mine.length);
  const other = box.querySelector("[data-others]");
  other.hidden = !others;
  other.textContent = said.others.replace("{n}", others);
  box.querySelector("[data-sign-in]").hidden = !(mine.length && state.isSignedOut);
  box.querySelector("[data-sends]").hidden = !mine.length || state.isSignedOut;
  draw(mine);
  mark(mine);
}

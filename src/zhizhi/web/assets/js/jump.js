// The command box (Ctrl-K): what is typed is asked of the server, arrows choose, Enter goes or acts.
import { csrf, toast } from "./page.js";

const WAIT_MS = 90;
const box = document.getElementById("jump");
const input = box.querySelector("input");
const list = box.querySelector("ul");
const note = box.querySelector("[role=status]");
let found = [];
let at = 0;
let asked = 0; // the newest question: an older answer that comes late is dropped
let answered = null; // the text that the lines shown belong to
let timer = 0;

function mark() {
  [...list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === at)));
  const chosen = list.children[at];
  if (chosen) input.setAttribute("aria-activedescendant", chosen.id);
  else input.removeAttribute("aria-activedescendant");
  chosen?.scrollIntoView({ block: "nearest" });
}

function line(one, place) {
  const item = document.createElement("li");
  item.id = `jump-${place}`;
  item.setAttribute("role", "option");
  item.dataset.kind = one.body ? "act" : "link";
  const [label, hint] = [document.createElement("span"), document.createElement("small")];
  label.textContent = one.label;
  hint.textContent = one.hint;
  item.append(label, hint);
  return item;
}

function show(told) {
  found = told;
  at = 0;
  list.replaceChildren(...found.map(line));
  note.textContent = found.length ? "" : box.dataset.nothing;
  mark();
}

async function ask() {
  asked += 1;
  const [mine, text] = [asked, input.value];
  try {
    const answer = await fetch(`${box.dataset.url}?q=${encodeURIComponent(text)}`);
    if (answer.redirected || answer.status === 401) location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    const told = await answer.json();
    if (mine !== asked) return;
    answered = text;
    show(told.found);
  } catch {
    if (mine === asked) note.textContent = box.dataset.failed;
  }
}

async function act(one) {
  const body = new URLSearchParams(one.body);
  const headers = { "X-CSRFToken": csrf(), Accept: "application/json" };
  try {
    const answer = await fetch(one.url, { method: "POST", body, headers });
    if (answer.ok) location.assign(one.after);
    else toast((await answer.json()).reason);
  } catch {
    toast(box.dataset.failed);
  }
}

async function choose(place) {
  const one = found[place];
  if (!one) return;
  box.close();
  if (one.body) await act(one);
  else location.assign(one.url);
}

function open() {
  if (box.open) return;
  input.value = "";
  list.replaceChildren();
  found = [];
  answered = null;
  note.textContent = "";
  box.showModal();
  ask();
}

input.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, WAIT_MS);
});
input.addEventListener("keydown", async (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by && found.length) {
    at = (at + by + found.length) % found.length;
    mark();
    event.preventDefault();
  }
  if (event.key === "Enter" && !event.isComposing) {
    event.preventDefault();
    clearTimeout(timer);
    if (answered !== input.value) await ask(); // never act on what was meant a moment ago
    if (answered === input.value) choose(at);
  }
});
list.addEventListener("click", (event) => choose([...list.children].indexOf(event.target.closest("li"))));
document.querySelector("[data-jump]").addEventListener("click", open);
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  open();
});

// Every page: say what failed, ask before what cannot be undone, close menus.
import { watchSession } from "./session_end.js";
import { keepTyped, leaveTyped, returnTyped } from "./typed.js";

const words = document.body.dataset;

// Signing in again in another tab changes the token; the cookie has the one that counts.
// Behind TLS it has the prefix that browsers give to this site alone.
const cookie = (name) => document.cookie.split("; ").find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
export const csrf = () => cookie("__Host-csrftoken") ?? cookie("csrftoken") ?? words.csrf ?? "";

export function toast(text, kind = "error") {
  const place = document.getElementById("toasts");
  if (!place) return;
  const line = document.createElement("p");
  line.className = `notice ${kind}`;
  line.setAttribute("role", kind === "error" ? "alert" : "status");
  line.textContent = text;
  place.replaceChildren(line);
  if (kind !== "error") setTimeout(() => line.remove(), 6000);
}

// The session has ended: the page asks who it is, and what was typed comes back afterwards.
export function signInAgain() {
  keepTyped();
  location.reload();
}

export async function getJson(url, more = {}) {
  const answer = await fetch(url, { ...more, headers: { Accept: "application/json", ...more.headers } });
  if (answer.redirected && new URL(answer.url).pathname.startsWith("/sign-in")) signInAgain();
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
}

// A session is about to end: it is said, and one press keeps it where that is possible.
function warnOfEnd(text, stay) {
  toast(text);
  const line = document.querySelector("#toasts .notice");
  line.className = "notice warning";
  if (!stay) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.sessionStay;
  button.addEventListener("click", () => { line.remove(); stay(); });
  line.append(" ", button);
}

// Between two long drawings: keys and clicks that wait go first.
export const breathe = () => new Promise((done) => { setTimeout(done); });

document.documentElement.classList.add("scripted"); // as early.js did, where the head could load it
// A desk stays open for a whole shift: paper tells the minute at which it was printed.
addEventListener("beforeprint", () => {
  const timeZone = words.zone || undefined;
  const now = new Date().toLocaleString("sv-SE", { timeZone }).slice(0, 16);
  document.querySelectorAll("[data-printed]").forEach((place) => { place.textContent = now; });
});
// Where the menu is too narrow for all its names, the one of this page is in sight.
for (const here of document.querySelectorAll("nav [aria-current]")) {
  const menu = here.closest("nav");
  const [box, frame] = [here.getBoundingClientRect(), menu.getBoundingClientRect()];
  menu.scrollLeft += box.left + box.width / 2 - frame.left - frame.width / 2;
}
// Another language or brightness: the same page comes back, with what is half written on it.
const stays = (form) => "stays" in form.dataset;
addEventListener("offline", () => toast(words.lost));
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm;
  if (question && !confirm(question)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  const token = event.target.querySelector?.('input[name="csrfmiddlewaretoken"]');
  if (!token) return;
  token.value = csrf() || token.value;
  if (stays(event.target)) event.target.elements.next.value = location.pathname + location.search;
  keepTyped(stays(event.target)); // should it end at the sign-in page, or nowhere
}, true);
// Last of all: whoever sends a form by script has said by now that the page stays.
addEventListener("submit", (event) => { if (!event.defaultPrevented) leaveTyped(stays(event.target)); });
if (returnTyped()) toast(words.typed, "success");
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
  if (event.target.closest(".notice .dismiss")) event.target.closest(".notice").remove();
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.getElementById("toasts")?.replaceChildren();
});
if (words.session) {
  watchSession({
    address: words.session, words: { warn: words.sessionWarn, last: words.sessionLast },
    csrf, ask: getJson, warn: warnOfEnd, over: signInAgain,
  });
}

// Every page: htmx with the CSRF token, errors that tell what to do, and confirmations.
import htmx from "htmx.org";

window.htmx = htmx;
htmx.config.includeIndicatorCSS = false;
htmx.config.history = true;

export const csrf = () => document.body.dataset.csrf ?? "";

export function toast(text, kind = "error") {
  const place = document.getElementById("toasts");
  if (!place) return;
  const line = document.createElement("p");
  line.className = `notice ${kind}`;
  line.textContent = text;
  place.replaceChildren(line);
}

document.body.addEventListener("htmx:error", () => toast(document.body.dataset.lost));
addEventListener("offline", () => toast(document.body.dataset.lost));
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.dataset.confirm && !confirm(button.dataset.confirm)) event.preventDefault();
});

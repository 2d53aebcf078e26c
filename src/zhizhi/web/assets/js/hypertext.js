// htmx for the pages that exchange parts of themselves.
import htmx from "htmx.org";
import { csrf, signInAgain, toast } from "./page.js";

window.htmx = htmx;
htmx.config.includeIndicatorCSS = false;
htmx.config.history = false; // the desk keeps its own address
htmx.config.morphIgnore = ["data-htmx-powered", "open"]; // what the reader unfolded stays unfolded

// A failure that has no page of its own (no network, 500, 503) must not replace what is shown.
htmx.config.noSwap = [204, 304, "401", "403", "404", "5xx"];
const failed = (status) => {
  const words = document.body.dataset;
  if (status === 401) signInAgain();
  else toast(status === 403 || status === 404 ? words.refused : words.lost);
};
document.body.addEventListener("htmx:error", () => failed(0));
document.body.addEventListener("htmx:response:error", ({ detail }) => {
  const status = detail.ctx.response?.raw?.status ?? detail.ctx.response?.status ?? 0;
  if (status !== 409 && status !== 400) failed(status);
});

export const get = (url, target, swap = "innerMorph") => htmx.ajax("GET", url, { target, swap });
// Resolves to whether the server has done it; a refusal is shown over the page.
export async function post(url, values, target, swap = "innerMorph") {
  let isDone = false;
  const note = ({ detail }) => { isDone = detail.ctx.response?.raw?.ok ?? false; };
  document.body.addEventListener("htmx:after:request", note, { once: true });
  await htmx.ajax("POST", url, { target, swap, values: { ...values, csrfmiddlewaretoken: csrf() } });
  return isDone;
}
export const put = (id, text) => {
  const target = document.getElementById(id);
  return target && htmx.swap({ text, target, swap: "innerMorph" });
};

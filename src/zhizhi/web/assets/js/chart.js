// Charts come drawn from the server; this adds what a pointer, a finger or a key picks out of them:
// the column is marked and its values are written, and spoken, below the chart.
import { stepped } from "./steps.js";

const columnsOf = (chart) => [...chart.querySelectorAll("svg .column")];
const chosenIn = (chart) => columnsOf(chart).findIndex((one) => one.classList.contains("is-chosen"));
const lineOf = (chart) => chart.parentElement.querySelector(".chart-said");

function choose(chart, at) {
  const line = lineOf(chart);
  columnsOf(chart).forEach((one, number) => {
    one.classList.toggle("is-chosen", number === at);
    const title = one.querySelector("title"); // the browser's own hint would say it twice
    if (title) {
      one.dataset.said = title.textContent;
      title.remove();
    }
  });
  columnsOf(chart)[at]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (!line) return;
  line.dataset.hint ??= line.textContent;
  line.textContent = columnsOf(chart)[at]?.dataset.said ?? line.dataset.hint;
}

// Where there is no room for all columns the newest are shown first.
for (const chart of document.querySelectorAll(".chart-figure [data-chart]")) chart.scrollLeft = chart.scrollWidth;

const chartOf = (event) => event.target.closest?.("[data-chart]");

for (const kind of ["pointerover", "pointerdown"]) {
  document.addEventListener(kind, (event) => {
    const column = event.target.closest?.("svg .column");
    const chart = column && chartOf(event);
    if (chart) choose(chart, columnsOf(chart).indexOf(column));
  });
}
document.addEventListener("pointerout", (event) => {
  const chart = chartOf(event);
  if (chart && !chart.contains(event.relatedTarget)) choose(chart, -1);
});
// Before others hear of the key: on the wall the arrows also turn from scene to scene.
document.addEventListener("keydown", (event) => {
  const chart = event.target.matches?.("[data-chart]") ? event.target : null;
  if (!chart || event.ctrlKey || event.metaKey || event.altKey) return;
  const at = stepped(event.key, chosenIn(chart), columnsOf(chart).length);
  if (at === null) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  choose(chart, at);
}, true);
document.addEventListener("focusout", (event) => {
  if (event.target.matches?.("[data-chart]")) choose(event.target, -1);
});

// The style page: the same invented shapes on a map of each theme.
import "./page.js";
import "./chart.js";
import { createMap } from "./map.js";

const shapes = JSON.parse(document.getElementById("shapes").textContent);
document.querySelectorAll(".map").forEach((element) => {
  const map = createMap(element);
  map.fit(JSON.parse(element.dataset.bounds));
  for (const layer of ["areas", "counts", "zones", "units", "alerts"]) map.show(layer, shapes[layer]);
  element.dataset.ready = "true";
});

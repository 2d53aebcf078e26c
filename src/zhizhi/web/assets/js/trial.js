// A trial that waits or runs: shows how far it has come, and the page anew when it is done.
import { getJson } from "./page.js";

const bar = document.getElementById("progress");
const PAUSE_MS = 1000;

async function look() {
  try {
    const told = await getJson(bar.dataset.url);
    bar.value = told.done;
    if (!told.is_open) {
      location.reload();
      return;
    }
  } catch {
    // the next look asks again
  }
  setTimeout(look, PAUSE_MS);
}
if (bar) setTimeout(look, PAUSE_MS);

// One stream of changes per page: tells <body> "live" after changes, at most every 150 ms.
// While paused it counts what is held back. The browser reconnects by itself with Last-Event-ID.
let isPaused = false;
let held = 0;
let subjects = new Set();
let timer = 0;

function release() {
  timer = 0;
  if (isPaused || subjects.size === 0) return;
  const detail = { subjects: [...subjects] };
  subjects = new Set();
  held = 0;
  document.body.dispatchEvent(new CustomEvent("live", { detail }));
}

function told() {
  document.body.dispatchEvent(new CustomEvent("live-state", { detail: { isPaused, held } }));
}

export function start(url) {
  const stream = new EventSource(url);
  stream.addEventListener("change", (event) => {
    const change = JSON.parse(event.data);
    subjects.add(change.subject);
    if (change.verb === "alert.raise") held += isPaused ? 1 : 0;
    if (isPaused) told();
    timer ||= setTimeout(release, 150);
  });
  stream.addEventListener("reset", () => { subjects.add("*"); timer ||= setTimeout(release, 150); });
  const line = document.querySelector("[data-connection]");
  const show = (state) => {
    if (!line) return;
    line.textContent = line.dataset[state];
    line.dataset.state = state;
  };
  stream.addEventListener("open", () => show("online"));
  stream.addEventListener("error", () => show("offline"));
  addEventListener("pagehide", () => stream.close());
}

export function pause() {
  isPaused = !isPaused;
  told();
  if (!isPaused) release();
  return isPaused;
}

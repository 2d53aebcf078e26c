// Changes as they happen. One stream serves all tabs of a browser (browsers allow six connections
// to a host): whoever holds the lock reads, the others are told by BroadcastChannel. <body> hears
// "live" with the subjects that changed, at most every 40 ms, and "live-state" for the status line.
// Each page says up to which change it was drawn and is told of what came after, however late it joins.
const BATCH_MS = 40;
const RETRY_MS = 3000;
const KEPT = 200; // changes that a tab which opens later may still ask for
let isPaused = false;
let held = new Set();
let subjects = new Set();
let timer = 0;
let last = document.body.dataset.after ?? "";
let state = "connecting";

const tell = (name, detail) => document.body.dispatchEvent(new CustomEvent(name, { detail }));
const told = () => tell("live-state", { isPaused, held: held.size, state });

function release() {
  timer = 0;
  if (isPaused || subjects.size === 0) return;
  const detail = { subjects };
  subjects = new Set();
  tell("live", detail);
}

function take(message) {
  if (message.state) {
    state = message.state;
    told();
    return;
  }
  if (message.present) {
    tell("present", message.present);
    return;
  }
  last = message.id || last;
  subjects.add(message.subject);
  if (isPaused) {
    held.add(message.subject);
    told();
  }
  timer ||= setTimeout(release, BATCH_MS);
}

function read(url, pass) {
  const stream = new EventSource(last ? `${url}?after=${last}` : url);
  stream.addEventListener("open", () => pass({ state: "online" }));
  stream.addEventListener("change", (event) => pass({ id: event.lastEventId, ...JSON.parse(event.data) }));
  stream.addEventListener("present", (event) => pass({ present: JSON.parse(event.data) }));
  stream.addEventListener("reset", () => pass({ subject: "*" }));
  stream.addEventListener("error", () => {
    pass({ state: "offline" });
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => read(url, pass), RETRY_MS);
  });
  addEventListener("pagehide", () => stream.close());
}

// The tab that reads answers the others: how the stream is, and what came since they were drawn.
function lead(url, channel) {
  const recent = [];
  const pass = (message) => {
    if (message.id) recent.push(message);
    if (recent.length > KEPT) recent.shift();
    take(message);
    channel.postMessage(message);
  };
  channel.addEventListener("message", ({ data }) => {
    if (!data.asks) return;
    [{ state }, ...recent.filter(({ id }) => Number(id) > Number(data.after))].forEach((one) => channel.postMessage(one));
  });
  read(url, pass);
}

export function start(url) {
  told();
  if (!navigator.locks || !window.BroadcastChannel) {
    read(url, take);
    return;
  }
  const channel = new BroadcastChannel(`zhizhi${url}`);
  channel.addEventListener("message", ({ data }) => { if (!data.asks) take(data); });
  channel.postMessage({ asks: true, after: last });
  navigator.locks.request(`zhizhi${url}`, () => new Promise(() => lead(url, channel)));
}

export function pause() {
  isPaused = !isPaused;
  held = new Set();
  told();
  if (!isPaused) release();
}

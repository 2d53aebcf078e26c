// Two minutes before a session ends, a page says so. A hand that touched it lately is a sign of life
// by itself; otherwise somebody has to press. When it ends, what was typed is kept in this tab.
export const WARN_S = 120;
export const LATELY_MS = 10 * 60_000;
const CHECK_MS = 60_000; // a machine that slept, or another tab, may have changed it

// What is to be done now, with so many seconds left without a deed and at most.
export function next({ idle_s: idle, whole_s: whole }, isTouched) {
  if (idle === null) return { say: "nothing" };
  if (idle <= 0) return { say: "over" };
  if (idle > WARN_S) return { say: "wait", ms: Math.min((idle - WARN_S) * 1000, 2 ** 30) };
  if (isTouched && whole > idle) return { say: "stay" };
  return { say: whole > idle ? "warn" : "last", ms: Math.min(idle * 1000 + 500, CHECK_MS) };
}

export function watchSession({ address, words, csrf, ask, warn, over }) {
  let touched = Date.now();
  const touch = () => { touched = Date.now(); };
  for (const kind of ["keydown", "pointerdown"]) addEventListener(kind, touch, { capture: true, passive: true });
  const stay = () => ask(address, { method: "POST", headers: { "X-CSRFToken": csrf() } });

  async function look(told) {
    let found;
    try {
      found = told ?? await ask(address, {});
    } catch {
      setTimeout(look, CHECK_MS); // no connection: the page says so already
      return;
    }
    const { say, ms } = next(found, Date.now() - touched < LATELY_MS);
    if (say === "nothing") return;
    if (say === "over") { over(); return; }
    if (say === "stay") { setTimeout(look, 1000, await stay().catch(() => undefined)); return; }
    if (say !== "wait") {
      const at = new Date(Date.now() + found.idle_s * 1000).toLocaleTimeString("sv-SE").slice(0, 5);
      warn(words[say].replace("{time}", at), say === "warn" ? () => stay().then(look) : undefined);
    }
    setTimeout(look, ms);
  }
  look();
}

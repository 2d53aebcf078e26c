// Drag to dispatch: a unit of the board onto a row of the queue or a case on the map, or a row of
// the queue onto a unit. With a mouse anywhere on the row, with a finger by its grip. What cannot
// take it says why and is not asked; the server checks again. Escape lets go. Keys do the same: D.
const FAR = 6; // pixels after which a press is a drag
const EDGE = 48; // so near to the queue's end it scrolls
const PER_FRAME = 10;

const listed = (text) => (text ?? "").split(" ").filter(Boolean);
const rowOf = (id) => document.querySelector(`#queue a[data-case="${id}"]`);
const unitOf = (id) => document.querySelector(`#board-rows tr[data-unit="${id}"]`);

// Why this unit cannot be sent to this case; empty when it can, as far as the page knows.
function refusal(unit, row, words) {
  if (unit?.dataset.refuses) return unit.dataset.refuses;
  if (row?.dataset.refuses) return row.dataset.refuses;
  const able = listed(unit?.dataset.able);
  const isFit = !unit || !row || listed(row.dataset.needs).every((need) => able.includes(need));
  return isFit ? "" : words.unfit;
}

function sourceOf(event) {
  const isTouch = event.pointerType === "touch";
  if (event.button !== 0 || (isTouch && !event.target.closest(".grip"))) return null;
  const unit = event.target.closest("#board-rows tr[data-unit]");
  if (unit && !event.target.closest("a, button")) return { kind: "unit", id: unit.dataset.unit, name: unit.dataset.name };
  const row = event.target.closest("#queue li")?.querySelector("a[data-case]");
  if (row && !event.target.closest("label, input")) return { kind: "case", id: row.dataset.case, name: row.dataset.code };
  return null;
}

// What lies under the pointer and could take what is carried.
function targetAt(x, y, kind, map) {
  const found = document.elementFromPoint(x, y);
  if (kind === "case") return { unit: found?.closest("#board-rows tr[data-unit]")?.dataset.unit };
  const row = found?.closest("#queue li")?.querySelector("a[data-case]");
  if (row) return { case: row.dataset.case, name: row.dataset.code };
  if (!found || !map.contains(found)) return {};
  const asked = new CustomEvent("carried", { detail: { clientX: x, clientY: y, found: null } });
  map.dispatchEvent(asked); // the map writes down what it has there
  const { found: alert } = asked.detail;
  return alert ? { case: String(alert.id), name: rowOf(alert.id)?.dataset.code || alert.label.split(" ")[0] || `#${alert.id}` } : {};
}

// Rows show whether they can take what is carried; they are drawn anew while it is carried.
function mark(carried, over, words) {
  const candidates = carried.kind === "unit" ? "#queue a[data-case]" : "#board-rows tr[data-unit]";
  document.querySelectorAll(candidates).forEach((one) => {
    const reason = carried.kind === "unit" ? refusal(unitOf(carried.id), one, words) : refusal(one, rowOf(carried.id), words);
    one.dataset.drop = reason ? "no" : "yes";
    one.toggleAttribute("data-over", (one.dataset.unit ?? one.dataset.case) === (over.unit ?? over.case));
  });
}

function clear(ghost) {
  ghost.hidden = true;
  delete document.body.dataset.carrying;
  document.querySelectorAll("[data-drop]").forEach((one) => { delete one.dataset.drop; one.removeAttribute("data-over"); });
}

function scrollNear(queue, x, y) {
  const box = queue.getBoundingClientRect();
  if (x < box.left || x > box.right) return;
  if (y > box.top && y < box.top + EDGE) queue.scrollTop -= PER_FRAME;
  if (y < box.bottom && y > box.bottom - EDGE) queue.scrollTop += PER_FRAME;
}

export function createDragging({ queue, map, ghost, send, say }) {
  const words = ghost.dataset;
  let pressed = null;
  let carried = null;
  let at = { x: 0, y: 0 };

  const pair = (target) => (carried.kind === "unit"
    ? { unit: carried.id, case: target.case, unitName: carried.name, caseName: target.name }
    : { unit: target.unit, case: carried.id, unitName: unitOf(target.unit)?.dataset.name, caseName: carried.name });

  function wordsOf(target) {
    const both = pair(target);
    if (!both.unit || !both.case) return carried.name;
    const reason = refusal(unitOf(both.unit), rowOf(both.case), words);
    return reason || words.drop.replace("{unit}", both.unitName).replace("{case}", both.caseName ?? "");
  }

  function frame() {
    if (!carried) return;
    const target = targetAt(at.x, at.y, carried.kind, map);
    if (carried.kind === "unit") scrollNear(queue, at.x, at.y);
    mark(carried, target, words);
    const both = pair(target);
    ghost.textContent = wordsOf(target);
    ghost.dataset.state = both.unit && both.case ? (refusal(unitOf(both.unit), rowOf(both.case), words) ? "no" : "yes") : "none";
    ghost.style.transform = `translate(${Math.min(at.x + 14, innerWidth - ghost.offsetWidth - 8)}px, ${Math.max(8, at.y - 44)}px)`;
    requestAnimationFrame(frame);
  }

  function begin() {
    carried = pressed;
    document.body.dataset.carrying = carried.kind;
    ghost.hidden = false;
    document.documentElement.setPointerCapture(carried.pointer); // the row may be drawn anew
    frame();
  }

  function end() {
    if (carried) clear(ghost);
    pressed = null;
    carried = null;
  }

  function drop() {
    const both = pair(targetAt(at.x, at.y, carried.kind, map));
    end();
    if (!both.unit || !both.case) return;
    const reason = refusal(unitOf(both.unit), rowOf(both.case), words);
    if (reason) say(reason);
    else send(both);
  }

  document.addEventListener("pointerdown", (event) => {
    const source = event.isPrimary ? sourceOf(event) : null;
    pressed = source && { ...source, pointer: event.pointerId, x: event.clientX, y: event.clientY };
  });
  document.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pressed?.pointer) return;
    at = { x: event.clientX, y: event.clientY };
    if (!carried && Math.hypot(at.x - pressed.x, at.y - pressed.y) > FAR) begin();
  });
  document.addEventListener("pointerup", (event) => {
    if (event.pointerId !== pressed?.pointer) return;
    if (!carried) { end(); return; }
    // A click follows on what was pressed: it opened nothing.
    const swallow = (click) => { click.preventDefault(); click.stopPropagation(); };
    addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", swallow, { capture: true }));
    drop();
  });
  document.addEventListener("pointercancel", end);
  document.addEventListener("dragstart", (event) => { if (event.target.closest?.("#queue, #board-rows")) event.preventDefault(); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !carried) return;
    end();
    event.stopImmediatePropagation(); // it lets go of this alone
    event.preventDefault();
  }, true);
}

// Drag to dispatch: a unit of the board onto a row of the queue or a case on the map, or a row of
// the queue onto a unit of the board or of the map. With a mouse anywhere on the row, with a finger by
// its grip. What cannot take it says why and is not asked; the server checks again. Escape lets go.
// Keys do the same: D.
import { refusal, unitOfMark, unitOfRow } from "./fitting.js";

const FAR = 6; // pixels after which a press is a drag
const EDGE = 48; // so near to the queue's end it scrolls
const PER_FRAME = 10;

const rowOf = (id) => document.querySelector(`#queue a[data-case="${id}"]`);
const unitRow = (id) => document.querySelector(`#board-rows tr[data-unit="${id}"]`);
const unitOf = (row) => row && unitOfRow(row.dataset);

function sourceOf(event) {
  const isTouch = event.pointerType === "touch";
  if (event.button !== 0 || (isTouch && !event.target.closest(".grip"))) return null;
  const unit = event.target.closest("#board-rows tr[data-unit]");
  if (unit && !event.target.closest("a, button")) return { kind: "unit", id: unit.dataset.unit, name: unit.dataset.name };
  const row = event.target.closest("#queue li")?.querySelector("a[data-case]");
  if (row && !event.target.closest("label, input")) return { kind: "case", id: row.dataset.case, name: row.dataset.code };
  return null;
}

// The map writes down what it has at a place: a case for a unit that is carried, a unit for a case.
function onMap(map, x, y, kind) {
  const asked = new CustomEvent("carried", { detail: { clientX: x, clientY: y, kind, found: null } });
  map.dispatchEvent(asked);
  return asked.detail.found;
}

// What lies under the pointer and could take what is carried.
function targetAt(x, y, kind, map, words) {
  const found = document.elementFromPoint(x, y);
  const mark = found && map.contains(found) ? onMap(map, x, y, kind) : null;
  if (kind === "case") {
    const row = found?.closest("#board-rows tr[data-unit]") ?? (mark && unitRow(mark.id));
    return { unit: unitOf(row) ?? (mark && unitOfMark(mark, words)) };
  }
  const row = found?.closest("#queue li")?.querySelector("a[data-case]");
  if (row) return { case: row.dataset.case, name: row.dataset.code };
  return mark ? { case: String(mark.id), name: rowOf(mark.id)?.dataset.code || mark.label.split(" ")[0] || `#${mark.id}` } : {};
}

// Rows show whether they can take what is carried; they are drawn anew while it is carried.
function mark(carried, over, words) {
  const isUnit = carried.kind === "unit";
  const mine = isUnit ? unitOf(unitRow(carried.id)) : rowOf(carried.id)?.dataset;
  document.querySelectorAll(isUnit ? "#queue a[data-case]" : "#board-rows tr[data-unit]").forEach((one) => {
    const reason = isUnit ? refusal(mine, one.dataset, words) : refusal(unitOf(one), mine, words);
    one.dataset.drop = reason ? "no" : "yes";
    one.toggleAttribute("data-over", (one.dataset.unit ?? one.dataset.case) === (over.unit?.id ?? over.case));
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
    ? { unit: unitOf(unitRow(carried.id)) ?? { id: carried.id, name: carried.name }, case: target.case, caseName: target.name }
    : { unit: target.unit, case: carried.id, caseName: carried.name });
  const target = () => targetAt(at.x, at.y, carried.kind, map, words);
  const reasonOf = (both) => refusal(both.unit, rowOf(both.case)?.dataset, words);

  function frame() {
    if (!carried) return;
    const over = target();
    if (carried.kind === "unit") scrollNear(queue, at.x, at.y);
    mark(carried, over, words);
    const both = pair(over);
    const isPair = both.unit && both.case;
    const reason = isPair ? reasonOf(both) : "";
    ghost.textContent = !isPair ? carried.name : reason || words.drop.replace("{unit}", both.unit.name).replace("{case}", both.caseName ?? "");
    ghost.dataset.state = !isPair ? "none" : reason ? "no" : "yes";
    ghost.style.transform = `translate(${Math.min(at.x + 14, innerWidth - ghost.offsetWidth - 8)}px, ${Math.max(8, at.y - 44)}px)`;
    requestAnimationFrame(frame);
  }

  // Units that could take the case are drawn on the map as long as it is carried, however far away.
  function offer(row) {
    const isOffered = (unit) => !refusal(unitOfMark(unit, words), row.dataset, words);
    map.dispatchEvent(new CustomEvent("offered", { detail: row ? isOffered : null }));
  }

  function begin() {
    carried = pressed;
    document.body.dataset.carrying = carried.kind;
    ghost.hidden = false;
    document.documentElement.setPointerCapture(carried.pointer); // the row may be drawn anew
    if (carried.kind === "case") offer(rowOf(carried.id));
    frame();
  }

  function end() {
    if (carried) { clear(ghost); offer(null); }
    pressed = null;
    carried = null;
  }

  function drop() {
    const both = pair(target());
    const reason = both.unit && both.case ? reasonOf(both) : "";
    end();
    if (!both.unit || !both.case) return;
    if (reason) say(reason);
    else send({ unit: both.unit.id, unitName: both.unit.name, case: both.case, caseName: both.caseName });
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

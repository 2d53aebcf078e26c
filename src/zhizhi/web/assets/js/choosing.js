// Several cases at once: who is chosen stays chosen when the queue is drawn anew, and nobody whom
// the queue no longer shows is acted upon.
export function createChoosing(queue, form) {
  const chosen = new Set();
  let last = null;
  const boxes = () => [...queue.querySelectorAll('input[name="case"]')];
  const words = form?.querySelector("[data-chosen]");

  function tell() {
    if (words) words.textContent = words.dataset.chosen.replace("0", chosen.size);
  }
  function set(box, isChosen) {
    box.checked = isChosen;
    if (isChosen) chosen.add(box.value);
    else chosen.delete(box.value);
  }
  function range(box) {
    const all = boxes();
    const [from, to] = [all.findIndex((one) => one.value === last), all.indexOf(box)].sort((a, b) => a - b);
    if (from >= 0) all.slice(from, to + 1).forEach((one) => set(one, box.checked));
  }
  function all(isChosen) {
    boxes().forEach((box) => set(box, isChosen));
    if (!isChosen) chosen.clear();
    tell();
  }

  queue.addEventListener("click", (event) => {
    const box = event.target.closest('input[name="case"]');
    if (!box) return;
    set(box, box.checked);
    if (event.shiftKey) range(box);
    last = box.value;
    tell();
  });
  form?.addEventListener("click", (event) => {
    const wanted = event.target.closest("[data-choose]")?.dataset.choose;
    if (wanted) all(wanted === "all");
  });
  tell();

  return {
    toggle(row) {
      const box = row?.closest("li")?.querySelector('input[name="case"]');
      if (!box || !form) return false;
      set(box, !box.checked);
      last = box.value;
      tell();
      return true;
    },
    clear() {
      const had = chosen.size > 0;
      all(false);
      return had;
    },
    restore() {
      const shown = boxes();
      const still = new Set(shown.map((box) => box.value));
      [...chosen].filter((value) => !still.has(value)).forEach((value) => chosen.delete(value));
      shown.forEach((box) => { box.checked = chosen.has(box.value); });
      tell();
    },
  };
}

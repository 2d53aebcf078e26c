// A long queue comes in windows of a hundred rows: the next is fetched before the end is reached, and
// the first is let go. Whatever is drawn anew, the row at the top of the view stays where it was.
const WINDOW = 100;
const NEAR = 600; // pixels before the end
const MOST = 3; // windows at once; more while cases are chosen in them
const MOST_CHOSEN = 10;

export function createWindows(queue, load) {
  let first = 0;
  let windows = 1;
  let loading = null;
  const rows = () => [...queue.querySelectorAll("a[data-case]")];
  const has = (name) => Boolean(queue.querySelector(`[data-window="${name}"]`));

  function read() {
    const link = queue.querySelector("[data-shown]");
    if (!link) { [first, windows] = [0, 1]; return; }
    const [from, to] = link.dataset.shown.split("-").map(Number);
    first = from;
    windows = Math.max(1, Math.ceil((to - from) / WINDOW));
  }

  function anchor() {
    const top = queue.getBoundingClientRect().top;
    if (queue.scrollTop < 4 && !has("earlier")) return () => {}; // what is new comes into view
    const row = rows().find((one) => one.getBoundingClientRect().bottom > top);
    if (!row) return () => {};
    const [id, before] = [row.dataset.case, row.getBoundingClientRect().top];
    return () => {
      const again = queue.querySelector(`a[data-case="${id}"]`);
      if (again) queue.scrollTop += again.getBoundingClientRect().top - before;
    };
  }

  async function keep(draw) {
    const back = anchor();
    await draw();
    back();
    read();
  }

  // Resolves to whether there are other rows now; who asks meanwhile waits for those that come.
  function shift(by) {
    loading ??= (has(by > 0 ? "later" : "earlier") ? go(by) : Promise.resolve(false)).finally(() => { loading = null; });
    return loading;
  }

  async function go(by) {
    const most = queue.querySelector('input[name="case"]:checked') ? MOST_CHOSEN : MOST;
    const wanted = { first, windows };
    if (by < 0) first = Math.max(0, first - WINDOW);
    if (windows < most) windows += 1;
    else if (by > 0) first += WINDOW;
    try {
      await load();
    } catch (error) {
      ({ first, windows } = wanted);
      throw error;
    }
    return true;
  }

  function look() {
    if (queue.scrollHeight - queue.scrollTop - queue.clientHeight < NEAR) shift(1).catch(() => {});
    else if (queue.scrollTop < NEAR) shift(-1).catch(() => {});
  }

  queue.addEventListener("scroll", look, { passive: true });
  queue.addEventListener("click", (event) => {
    const link = event.target.closest("[data-window]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    shift(link.dataset.window === "later" ? 1 : -1).catch(() => {});
  });
  read();
  return { keep, shift, query: () => `from=${first}&windows=${windows}` };
}

// What somebody types is not lost when it cannot be sent: a session that has ended, a server that does
// not answer, or another case looked at meanwhile. It is kept in this tab alone, for half an hour, for
// the same person, and neither passwords nor files are.
const STORE = "zhizhi-typed";
const KEPT_MS = 30 * 60_000;
const FORGOTTEN = new Set(["hidden", "password", "file", "submit", "button", "reset", "image"]);

const here = () => location.pathname + location.search;
const isTicked = (field) => field.type === "checkbox" || field.type === "radio";
const fieldsOf = (root) => [...root.querySelectorAll('form[method="post"] :is(input, textarea, select)')]
  .filter((field) => field.name && !FORGOTTEN.has(field.type));
const isTyped = (field) => (isTicked(field) ? field.checked !== field.defaultChecked
  : field.tagName === "SELECT" ? [...field.options].some((one) => one.selected !== one.defaultSelected)
    : field.value !== field.defaultValue);

// Which field it is, on this page or on the same page loaded again.
function nameOf(field) {
  const action = new URL(field.form.getAttribute("action") ?? "", location.href).pathname;
  return [action, field.name, isTicked(field) ? field.value : ""].join("|");
}

const valuesOf = (fields) => fields.map((field) => [nameOf(field), isTicked(field) ? field.checked : field.value]);
export const typedIn = (root) => valuesOf(fieldsOf(root).filter(isTyped));

// Returns how many fields were filled; what lies in a fold is unfolded.
export function fill(root, typed) {
  const wanted = new Map(typed);
  const fields = fieldsOf(root).filter((field) => wanted.has(nameOf(field)));
  fields.forEach((field) => {
    const value = wanted.get(nameOf(field));
    if (isTicked(field)) field.checked = value;
    else field.value = value;
    for (let fold = field.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  });
  return fields.length;
}

const isAnswer = () => "posted" in document.body.dataset;
const isDoor = () => Boolean(document.querySelector("form.sign-in"));

// ``isStaying``: the same page comes back, in other words or colours. What it says as the answer to a
// form was typed as well, and its own address may belong to another page.
export function keepTyped(isStaying = false) {
  if (isDoor()) return; // what waits there is not its own
  const typed = isStaying && isAnswer() ? valuesOf(fieldsOf(document)) : typedIn(document);
  if (!typed.length) { sessionStorage.removeItem(STORE); return; } // what was kept before was sent
  const kept = { who: document.body.dataset.who, at: Date.now(), page: here(), typed };
  try { sessionStorage.setItem(STORE, JSON.stringify(kept)); } catch { /* full: the page itself stays */ }
}

// The browser itself sends the form and leaves the page. When no answer comes, its own page says so.
export function leaveTyped(isStaying = false) {
  const kept = JSON.parse(sessionStorage.getItem(STORE) ?? "null");
  if (kept) sessionStorage.setItem(STORE, JSON.stringify({ ...kept, isSent: true, isStaying }));
}

// Whether this page is no answer to a form: neither was it sent here, nor did a server lead here.
const isFresh = () => !isAnswer() && !performance.getEntriesByType("navigation")[0]?.redirectCount;

// At the sign-in page it waits; on the page that it came from it is filled in again; elsewhere what
// was typed has been sent, and is forgotten.
export function returnTyped() {
  const kept = JSON.parse(sessionStorage.getItem(STORE) ?? "null");
  if (!kept) return 0;
  if (isDoor()) {
    sessionStorage.setItem(STORE, JSON.stringify({ ...kept, isBack: true }));
    return 0;
  }
  sessionStorage.removeItem(STORE);
  const isUnsent = kept.isBack || (kept.isSent && isFresh());
  const isMine = kept.who === document.body.dataset.who && Date.now() - kept.at < KEPT_MS;
  const isHere = kept.page === here() || kept.isStaying;
  return (isUnsent || kept.isStaying) && isMine && isHere ? fill(document, kept.typed) : 0;
}

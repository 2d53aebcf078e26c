// What is drawn and typed is kept on this device until it is saved or thrown away, so that neither
// a reload nor a lost network nor an expired session takes it. Each account has drafts of its own.
const STORE = "zhizhi-zone-draft:";
const SENT = "zhizhi-zone-sent";
const PRIVATE = new Set(["csrfmiddlewaretoken", "tried", "save"]);

export const fieldsOf = (form) => Object.fromEntries(
  [...new FormData(form).entries()].filter(([name, value]) => !PRIVATE.has(name) && typeof value === "string"),
);

export function keep(key, form, store = localStorage) {
  try {
    store.setItem(STORE + key, JSON.stringify({ at: Date.now(), fields: fieldsOf(form) }));
    return true;
  } catch {
    return false; // no room, or the browser keeps nothing: the page says so
  }
}

export function kept(key, store = localStorage) {
  try {
    return JSON.parse(store.getItem(STORE + key));
  } catch {
    return null;
  }
}

export const forget = (key, store = localStorage) => store.removeItem(STORE + key);

// The draft that was sent is forgotten when the page of the saved zone has come.
export const sent = (key) => sessionStorage.setItem(SENT, key);
export function arrived() {
  const key = sessionStorage.getItem(SENT);
  if (key) forget(key);
  sessionStorage.removeItem(SENT);
}

export function refill(form, fields) {
  Object.entries(fields).forEach(([name, value]) => {
    const field = form.elements[name];
    if (field && "value" in field && field.type !== "file") field.value = value;
  });
}

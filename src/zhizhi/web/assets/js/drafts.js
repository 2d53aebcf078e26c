// Drafts in IndexedDB: what is typed is kept on the phone with a key of its own before it is sent,
// so nothing is lost and the server can tell a second arrival from a second report.
const NAME = "zhizhi-drafts";

function store(mode) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("drafts", { keyPath: "key" });
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => resolve(opening.result.transaction("drafts", mode).objectStore("drafts"));
  });
}

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

export const keep = async (draft) => done((await store("readwrite")).put(draft));
export const unsent = async () => done((await store("readonly")).getAll());
export const forget = async (key) => done((await store("readwrite")).delete(key));

// crypto.randomUUID exists only on HTTPS and localhost; a phone may be on neither.
function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function draftOf(form, submitter) {
  const data = new FormData(form, submitter);
  data.set("key", freshKey());
  data.set("device_at", new Date().toISOString());
  const isWorthKeeping = ([name, value]) => name !== "csrfmiddlewaretoken" && !(value instanceof File && value.size === 0);
  return {
    key: data.get("key"),
    url: form.action,
    title: form.dataset.draft,
    at: Date.now(),
    refusal: "",
    fields: [...data.entries()].filter(isWorthKeeping),
  };
}

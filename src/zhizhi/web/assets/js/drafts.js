// Drafts in IndexedDB: a form is kept with its own key before it is sent, so that nothing typed is
// lost and the server can tell a second arrival from a second report.
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

export function forms(selector, take) {
  document.querySelectorAll(selector).forEach((form) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const data = new FormData(form, event.submitter);
      if (!data.get("key")) data.set("key", crypto.randomUUID());
      data.set("device_at", new Date().toISOString());
      const fields = [...data.entries()].filter(([name, value]) => name !== "csrfmiddlewaretoken" && !(value instanceof File && value.size === 0));
      await take({ key: data.get("key"), url: form.action, fields });
    });
  });
}

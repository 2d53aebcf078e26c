// Drafts in IndexedDB: what is written is kept on the phone with a key of its own before it is sent,
// so nothing is lost and the server can tell a second arrival from a second report. A draft belongs
// to whoever wrote it: a phone may be handed on.
const NAME = "zhizhi-drafts";
const who = document.body.dataset.who;
let opened = null;
export const corrected = new WeakMap(); // forms in which a refused draft is written anew, with its key

function database() {
  opened ??= new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("drafts", { keyPath: "key" });
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      opening.result.onclose = () => { opened = null; };
      resolve(opening.result);
    };
  }).catch((error) => { opened = null; throw error; });
  return opened;
}

// Done is what the transaction has committed: a phone that is full says so only then.
async function inStore(mode, ask) {
  const base = await database();
  return new Promise((resolve, reject) => {
    const transaction = base.transaction("drafts", mode, { durability: "strict" });
    const request = ask(transaction.objectStore("drafts"));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error ?? request.error);
  });
}

export const keep = (draft) => inStore("readwrite", (store) => store.put(draft));
export const forget = (key) => inStore("readwrite", (store) => store.delete(key));
export const draftOf = (key) => inStore("readonly", (store) => store.get(key));
const all = () => inStore("readonly", (store) => store.getAll());

const isMine = (draft) => (draft.who ?? who) === who;
export async function unsent() {
  const drafts = await all();
  return {
    mine: drafts.filter(isMine).sort((a, b) => a.at - b.at),
    others: drafts.filter((draft) => !isMine(draft)).length,
  };
}

export const canKeep = () => database().then(() => true, () => false);

// crypto.randomUUID exists only on HTTPS and localhost; a phone may be on neither.
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// A file is kept as its bytes: what the camera left in a temporary place may be gone later, and some
// browsers keep no files.
async function packed([name, value]) {
  if (!(value instanceof File)) return [name, value];
  return [name, { file: value.name, type: value.type, bytes: await value.arrayBuffer() }];
}

const isWorthKeeping = ([name, value]) => name !== "csrfmiddlewaretoken" && name !== "sent_at"
  && !(value instanceof File && value.size === 0);

// Returns what a form says as a draft; a file that cannot be read is left out and named in ``lost``.
export async function written(form, submitter) {
  const data = new FormData(form, submitter);
  const key = corrected.get(form) || form.dataset.draftKey || data.get("key") || freshKey();
  data.set("key", key);
  data.set("device_at", new Date().toISOString());
  const lost = [];
  const fields = await Promise.all([...data.entries()].filter(isWorthKeeping).map(
    (entry) => packed(entry).catch(() => { lost.push(entry[0]); return null; }),
  ));
  return {
    key, who, url: form.action, title: form.dataset.draft, kind: form.dataset.kind, said: form.dataset.said,
    at: Date.now(), tries: 0, triedAt: 0, refusal: "", lost, fields: fields.filter(Boolean),
  };
}

export function bodyOf(draft) {
  const body = new FormData();
  draft.fields.forEach(([name, value]) => {
    if (value?.bytes) body.append(name, new Blob([value.bytes], { type: value.type }), value.file);
    else body.append(name, value);
  });
  body.set("sent_at", new Date().toISOString());
  return body;
}

export const textOf = (draft, name) => draft.fields.find(([one, value]) => one === name && typeof value === "string")?.[1] ?? "";
export const hasFile = (draft, name) => draft.fields.some(([one, value]) => one === name && value?.bytes);

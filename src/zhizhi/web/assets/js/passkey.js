// Passkeys: the server's question goes to the device, the device's answer goes back. Without this
// script, or on a device that has no keys, a code of an app does the same.
import { csrf, toast } from "./page.js";

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const known = (rows) => (rows ?? []).map((row) => ({ ...row, id: bytes(row.id) }));

// What comes as text in JSON and the device wants as bytes.
export function question({ publicKey: asked }) {
  const told = { ...asked, challenge: bytes(asked.challenge) };
  if (asked.user) {
    told.user = { ...asked.user, id: bytes(asked.user.id) };
    told.excludeCredentials = known(asked.excludeCredentials);
  } else {
    told.allowCredentials = known(asked.allowCredentials);
  }
  return told;
}

// What the device gives as bytes and goes back as text.
export function answer(credential) {
  const names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const given = names.filter((name) => credential.response[name]);
  const response = Object.fromEntries(given.map((name) => [name, text(credential.response[name])]));
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: {} };
}

async function use(button) {
  const asked = await fetch(button.dataset.question, { headers: { Accept: "application/json" } });
  if (asked.redirected || !asked.ok) { location.reload(); return; } // too long at the door
  const publicKey = question(await asked.json());
  let credential;
  try {
    credential = await (publicKey.user ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
  } catch {
    toast(button.dataset.none); // nobody touched it, or this device has no such key
    return;
  }
  const told = await fetch(button.dataset.answer, {
    method: "POST", body: JSON.stringify(answer(credential)),
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() },
  });
  if (told.redirected) { location.reload(); return; }
  const said = await told.json();
  if (said.next) location.assign(said.next);
  else toast(said.error);
}

// A passkey belongs to a name; a site that is reached by its number can have none.
const isNamed = !/^([\d.]+|\[.*\])$/.test(location.hostname);
for (const button of isNamed && globalThis.PublicKeyCredential ? document.querySelectorAll("[data-passkey]") : []) {
  button.closest("[hidden]")?.removeAttribute("hidden");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try { await use(button); } catch { toast(document.body.dataset.lost); }
    button.disabled = false;
  });
}

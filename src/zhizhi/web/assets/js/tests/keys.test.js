// node --test: single keys act, but not while somebody types, holds another key, or switched them off.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

let listen;
const kept = {};
globalThis.localStorage = { getItem: (name) => kept[name] ?? null, setItem: (name, value) => { kept[name] = value; } };
globalThis.document = { body: { dataset: {} }, addEventListener: (_kind, listener) => { listen = listener; }, querySelector: () => null };
const { bind, isOn, toggle } = await import("../keys.js");

const pressed = [];
const note = (name) => () => { pressed.push(name); };
bind({ j: note("j"), d: note("d"), Escape: note("Escape"), ArrowDown: note("ArrowDown") });
const elsewhere = { closest: () => null };
function press(key, more = {}) {
  let isTaken = false;
  listen({ key, target: elsewhere, preventDefault: () => { isTaken = true; }, ...more });
  return isTaken;
}
beforeEach(() => { pressed.length = 0; });

test("a key of the list acts, also as a capital, and is taken from the page", () => {
  assert.equal(press("j"), true);
  assert.equal(press("D"), true);
  assert.equal(press("q"), false);
  assert.deepEqual(pressed, ["j", "d"]);
});

test("with Ctrl, Alt, or while a word is composed, keys belong to others", () => {
  for (const more of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }, { isComposing: true }]) press("j", more);
  assert.deepEqual(pressed, []);
});

test("whoever types is not disturbed, and Escape leaves the field", () => {
  let isLeft = false;
  const field = { closest: () => ({}), blur: () => { isLeft = true; } };
  press("j", { target: field });
  press("Escape", { target: field });
  assert.deepEqual([pressed, isLeft], [[], true]);
});

test("a held key moves through a list and does nothing else again", () => {
  press("j", { repeat: true });
  press("ArrowDown", { repeat: true });
  press("d", { repeat: true });
  assert.deepEqual(pressed, ["j", "ArrowDown"]);
});

test("switched off, single keys do nothing and named ones still act", () => {
  toggle();
  assert.equal(isOn(), false);
  assert.equal(document.body.dataset.keys, "off");
  press("j");
  press("Escape");
  assert.deepEqual(pressed, ["Escape"]);
  toggle();
  assert.equal(isOn(), true);
});

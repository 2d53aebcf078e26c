// node --test: of two names that overlap only the first is shown, zones before towns.
import assert from "node:assert/strict";
import { test } from "node:test";
import { declutter } from "../labels.js";

function name(kind, left, right) {
  const classes = new Set([kind]);
  const classList = { contains: (one) => classes.has(one), toggle: (one, is) => (is ? classes.add(one) : classes.delete(one)) };
  return { kind, classList, getBoundingClientRect: () => ({ left, right, top: 0, bottom: 10 }) };
}
const map = (names, near = "true") => ({
  dataset: { near },
  querySelectorAll: (wanted) => names.filter(({ kind }) => wanted.endsWith(kind)),
});
const shown = (names) => names.map(({ classList }) => !classList.contains("crowded"));

test("a zone's name wins over a town's that it touches", () => {
  const names = [name("town", 0, 10), name("zone", 8, 20)];
  declutter(map(names));
  assert.deepEqual(shown(names), [false, true]);
});

for (const [gap, isShown] of [[1, false], [2, true], [3, true]]) {
  test(`two names ${gap} pixels apart`, () => {
    const names = [name("town", 0, 10), name("town", 10 + gap, 20 + gap)];
    declutter(map(names));
    assert.deepEqual(shown(names), [true, isShown]);
  });
}

test("from afar no zone is named, and its place is free for a town", () => {
  const names = [name("zone", 0, 10), name("town", 5, 15)];
  declutter(map(names, "false"));
  assert.deepEqual(shown(names), [false, true]);
});

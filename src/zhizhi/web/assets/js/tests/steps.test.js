// Which column of a chart a key leads to.
import assert from "node:assert/strict";
import { test } from "node:test";
import { stepped } from "../steps.js";

test("the arrows move by one and stop at the ends", () => {
  assert.equal(stepped("ArrowRight", -1, 3), 0);
  assert.equal(stepped("ArrowRight", 1, 3), 2);
  assert.equal(stepped("ArrowRight", 2, 3), 2);
  assert.equal(stepped("ArrowLeft", -1, 3), 2);
  assert.equal(stepped("ArrowLeft", 1, 3), 0);
  assert.equal(stepped("ArrowLeft", 0, 3), 0);
});

test("Home and End lead to the ends, Escape away from the chart", () => {
  assert.equal(stepped("Home", 2, 3), 0);
  assert.equal(stepped("End", 0, 3), 2);
  assert.equal(stepped("Escape", 2, 3), -1);
});

test("other keys, and a chart without columns, mean nothing", () => {
  assert.equal(stepped("a", 0, 3), null);
  assert.equal(stepped("constructor", 0, 3), null);
  assert.equal(stepped("ArrowRight", -1, 0), null);
});

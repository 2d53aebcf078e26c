// node --test: what a page does with so many seconds left of a session.
import assert from "node:assert/strict";
import { test } from "node:test";
import { WARN_S, next } from "../session_end.js";

const DAY = 86_400;

test("a session without limits is left alone", () => {
  assert.deepEqual(next({ idle_s: null, whole_s: null }, false), { say: "nothing" });
});
test("it waits until two minutes before the end", () => {
  assert.deepEqual(next({ idle_s: WARN_S + 1, whole_s: DAY }, false), { say: "wait", ms: 1000 });
  assert.equal(next({ idle_s: WARN_S, whole_s: DAY }, false).say, "warn");
  assert.equal(next({ idle_s: WARN_S - 1, whole_s: DAY }, false).say, "warn");
});
test("a hand that touched the page lately is a sign of life", () => {
  assert.equal(next({ idle_s: 60, whole_s: DAY }, true).say, "stay");
});
test("nothing keeps a session whose whole time is over", () => {
  assert.equal(next({ idle_s: 60, whole_s: 60 }, true).say, "last");
  assert.equal(next({ idle_s: 60, whole_s: 60 }, false).say, "last");
});
test("at the end it is over", () => {
  assert.equal(next({ idle_s: 0.5, whole_s: DAY }, false).say, "warn");
  assert.deepEqual(next({ idle_s: 0, whole_s: DAY }, true), { say: "over" });
  assert.deepEqual(next({ idle_s: -5, whole_s: DAY }, true), { say: "over" });
});
test("while it warns it looks again within a minute and once it must be over", () => {
  assert.equal(next({ idle_s: 100, whole_s: DAY }, false).ms, 60_000);
  assert.equal(next({ idle_s: 10, whole_s: DAY }, false).ms, 10_500);
});
test("no wait is too long for a browser to count", () => {
  assert.ok(next({ idle_s: 100 * DAY, whole_s: 100 * DAY }, false).ms < 2 ** 31);
});

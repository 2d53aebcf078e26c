// node --test: what is dragged together fits, or the page says why not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { refusal, unitOfMark, unitOfRow } from "../fitting.js";

const words = { unfit: "cannot do it", busy: "{unit} is not free: {status}" };
const boat = { id: 7, label: "Boat 7\nAvailable · position 2 min", kind: "free", able: "dissuasion water" };
const waits = { needs: "water dissuasion" };

test("a unit is the same on the board and on the map", () => {
  const row = unitOfRow({ unit: "7", name: "Boat 7", able: "dissuasion water" });
  assert.deepEqual(unitOfMark(boat, words), row);
  assert.deepEqual(row, { id: "7", name: "Boat 7", able: ["dissuasion", "water"], refuses: "" });
});

test("a unit that can do all that is needed is not refused", () => {
  assert.equal(refusal(unitOfMark(boat, words), waits, words), "");
  assert.equal(refusal(unitOfMark({ ...boat, able: "water" }, words), { needs: "" }, words), "");
});

test("a unit that lacks one ability cannot do it", () => {
  assert.equal(refusal(unitOfMark({ ...boat, able: "water" }, words), waits, words), "cannot do it");
  assert.equal(refusal(unitOfMark({ ...boat, able: "" }, words), waits, words), "cannot do it");
});

test("a busy unit says what it does, a case that waits no more says that", () => {
  const busy = { ...boat, kind: "busy", label: "Boat 7\nEn route · position 2 min" };
  assert.equal(refusal(unitOfMark(busy, words), waits, words), "Boat 7 is not free: En route");
  assert.equal(refusal(unitOfMark(boat, words), { ...waits, refuses: "sent already" }, words), "sent already");
});

test("what the page does not know is left to the server", () => {
  assert.equal(refusal(null, waits, words), "");
  assert.equal(refusal({ id: "7", name: "Boat 7" }, waits, words), "");
  assert.equal(refusal(unitOfMark(boat, words), undefined, words), "");
});

// node --test: shapes on the plane, and what of them is in view.
import assert from "node:assert/strict";
import { test } from "node:test";
import { across, down, isInView, shapeOf, trace } from "../plane.js";

const square = (west, south, size) => [
  [west, south], [west + size, south], [west + size, south + size], [west, south + size], [west, south],
];
const polygon = (...rings) => shapeOf({ id: 7, geometry: { type: "Polygon", coordinates: rings } });

function drawn(shape, view, nearest = 0) {
  const told = [];
  const note = (name) => (...place) => told.push([name, ...place]);
  trace({ moveTo: note("move"), lineTo: note("line"), closePath: note("close") }, shape.rings, view, nearest);
  return told;
}

test("the plane begins at the date line and at 85 degrees north", () => {
  assert.deepEqual([across(-180), across(0), across(180)], [0, 0.5, 1]);
  assert.equal(down(0), 0.5);
  assert.ok(Math.abs(down(85.0511287798066)) < 1e-9);
});

test("a shape has all its rings and the box around them", () => {
  const shape = polygon(square(0, 0, 90), square(10, 10, 5));
  assert.equal(shape.id, 7);
  assert.deepEqual(shape.rings.map((ring) => ring.length), [10, 10]);
  assert.deepEqual(shape.box, [0.5, down(90), 0.75, 0.5]);
});

test("a shape of several parts has the rings of each", () => {
  const parts = [[square(0, 0, 1)], [square(5, 5, 1), square(5.2, 5.2, 0.1)]];
  const shape = shapeOf({ id: 1, geometry: { type: "MultiPolygon", coordinates: parts } });
  assert.equal(shape.rings.length, 3);
  assert.ok(Math.abs(shape.box[2] - across(6)) < 1e-12);
});

const VIEW = { scale: 1000, left: 500, top: 400, size: { x: 100, y: 100 } };
for (const [name, box, is] of [
  ["inside", [0.52, 0.42, 0.53, 0.43], true],
  ["around it", [0, 0, 1, 1], true],
  ["west of it, touching", [0.4, 0.42, 0.5, 0.43], false],
  ["west of it, just in", [0.4, 0.42, 0.5001, 0.43], true],
  ["east of it, touching", [0.6, 0.42, 0.7, 0.43], false],
  ["east of it, just in", [0.5999, 0.42, 0.7, 0.43], true],
  ["north of it, touching", [0.52, 0.3, 0.53, 0.4], false],
  ["north of it, just in", [0.52, 0.3, 0.53, 0.4001], true],
  ["south of it, touching", [0.52, 0.5, 0.53, 0.6], false],
  ["south of it, just in", [0.52, 0.4999, 0.53, 0.6], true],
]) {
  test(`a box ${name} is ${is ? "" : "not "}in view`, () => assert.equal(isInView(box, VIEW), is));
}

test("rings are drawn in pixels of the view and closed", () => {
  const view = { scale: 360, left: 180, top: 0 };
  const told = drawn(shapeOf({ geometry: { type: "Polygon", coordinates: [[[0, 0], [10, 0], [10, 0], [20, 0]]] } }), view);
  assert.deepEqual(told.map(([name]) => name), ["move", "line", "line", "line", "close"]);
  assert.deepEqual(told[0].slice(1).map(Math.round), [0, 180]);
  assert.deepEqual(told[3].slice(1).map(Math.round), [20, 180]);
});

for (const [apart, corners] of [[0.6, 1], [0.8, 2]]) {
  test(`a corner ${apart} pixels from the one before is ${corners === 2 ? "" : "not "}drawn`, () => {
    const shape = shapeOf({ geometry: { type: "Polygon", coordinates: [[[0, 0], [apart, 0], [9, 0]]] } });
    const told = drawn(shape, { scale: 360, left: 180, top: 0 }, 0.7);
    assert.equal(told.filter(([name]) => name === "line").length, corners);
  });
}

// node --test: shapes are measured, changed, taken back and read from text.
import assert from "node:assert/strict";
import { test } from "node:test";
import { areaOf, circle, countCorners, crossing, destination, isInside, lengthOf, metresBetween, rectangle } from "../geometry.js";
import { added, cornerAt, cornersOf, history, hit, inserted, moved, nextCorner, removed, snapped } from "../drawing.js";
import { read, written } from "../corner_text.js";

const SQUARE = [[[[107, 29], [107.1, 29], [107.1, 29.1], [107, 29.1]]]];
const HOLED = [[SQUARE[0][0], [[107.02, 29.02], [107.04, 29.02], [107.04, 29.04], [107.02, 29.04]]]];
const REACH = { lon: 0.001, lat: 0.001 };
const near = (one, other, most) => assert.ok(Math.abs(one - other) <= most, `${one} is not ${other}`);

// The area between meridians and parallels, by adding up strips of the ellipsoid.
function strips(west, south, east, north) {
  const [a, e2, d] = [6378137, 0.0066943799901413165, Math.PI / 180];
  let sum = 0;
  for (let i = 0; i < 20000; i += 1) {
    const lat = (south + ((i + 0.5) * (north - south)) / 20000) * d;
    const w = 1 - e2 * Math.sin(lat) ** 2;
    sum += (a * Math.cos(lat)) / Math.sqrt(w) * (a * (1 - e2)) / w ** 1.5;
  }
  return sum * (east - west) * d * (((north - south) * d) / 20000);
}

test("an area is that of the ellipsoid", () => {
  near(areaOf(SQUARE) / strips(107, 29, 107.1, 29.1), 1, 1e-8);
});
test("a hole is taken off the area, and another part is added", () => {
  const hole = strips(107.02, 29.02, 107.04, 29.04);
  near(areaOf(HOLED), areaOf(SQUARE) - hole, 2);
  near(areaOf([...SQUARE, ...SQUARE]), 2 * areaOf(SQUARE), 1e-3);
});
test("a degree of the meridian and of the equator have their lengths", () => {
  near(metresBetween([0, 0], [1, 0]), 111319.4908, 0.001);
  near(metresBetween([107, 29.5], [107, 30.5]), 110852.4, 1);
  near(lengthOf(SQUARE), 2 * metresBetween([107, 29], [107, 29.1]) + metresBetween([107, 29], [107.1, 29]) + metresBetween([107, 29.1], [107.1, 29.1]), 1e-6);
});
test("a circle has its radius in metres in every direction", () => {
  const centre = [107.4, 29.7];
  const ring = circle(centre, 500);
  assert.equal(ring.length, 64);
  ring.forEach((corner) => near(metresBetween(centre, corner), 500, 0.02));
  near(areaOf([[ring]]), 64 / 2 * Math.sin((2 * Math.PI) / 64) * 500 ** 2, 60);
});
test("a place is reached as Vincenty's own example says", () => {
  const [lon, lat] = destination([144.42486789, -37.95103342], (306.86816 * Math.PI) / 180, 54972.271);
  near(lon, 143.92649552, 1e-6);
  near(lat, -37.65282113, 1e-6);
});

test("an outline that crosses itself is told with the place", () => {
  const bow = [[[[0, 0], [2, 2], [2, 0], [0, 2]]]];
  assert.deepEqual(crossing(bow), [1, 1]);
  assert.equal(crossing(SQUARE), null);
  assert.equal(crossing(HOLED), null);
});
test("an outline that touches itself or runs back on itself is told", () => {
  assert.deepEqual(crossing([[[[0, 0], [4, 0], [4, 4], [2, 0], [0, 4]]]]), [2, 0]);
  assert.deepEqual(crossing([[[[0, 0], [4, 0], [2, 0], [2, 3]]]]), [4, 0]);
});
test("a hole that crosses its outline is told; parts may meet in a corner, not along an edge", () => {
  const across = [[SQUARE[0][0], [[107.05, 29.05], [107.2, 29.05], [107.2, 29.06]]]];
  assert.ok(crossing(across));
  const one = rectangle([0, 0], [1, 1]);
  assert.equal(crossing([[one], [rectangle([1, 1], [2, 2])]]), null);
  assert.ok(crossing([[one], [rectangle([1, 0], [2, 1])]]));
});
test("crossings are found among thousands of corners", () => {
  const ring = circle([107, 29], 5000, 4000);
  assert.equal(crossing([[ring]]), null);
  const bent = ring.map((corner, i) => (i === 2000 ? [107.2, 29] : corner));
  assert.ok(crossing([[bent]]));
});
test("a corner is moved, inserted and removed; the shape before stays as it was", () => {
  const name = { part: 0, ring: 0, at: 1 };
  const wider = moved(SQUARE, name, [107.2, 29.00000004]);
  assert.deepEqual(cornerAt(wider, name), [107.2, 29]);
  assert.deepEqual(cornerAt(SQUARE, name), [107.1, 29]);
  assert.deepEqual(cornerAt(inserted(SQUARE, name, [107.1, 29.05]), { ...name, at: 2 }), [107.1, 29.05]);
  assert.equal(countCorners(removed(SQUARE, name)), 3);
});
test("a triangle loses no corner alone: the hole goes, or the part", () => {
  const three = removed(SQUARE, { part: 0, ring: 0, at: 0 });
  assert.deepEqual(removed(three, { part: 0, ring: 0, at: 0 }), []);
  const hole = removed(HOLED, { part: 0, ring: 1, at: 0 });
  assert.equal(removed(hole, { part: 0, ring: 1, at: 0 })[0].length, 1);
});
test("a hole goes into the part around it, and nowhere else", () => {
  const ring = rectangle([107.02, 29.02], [107.03, 29.03]);
  assert.equal(added(SQUARE, ring, { isHole: true })[0].length, 2);
  assert.equal(added(SQUARE, rectangle([108, 29], [108.1, 29.1]), { isHole: true }), null);
  assert.equal(added(SQUARE, rectangle([107.05, 29.05], [107.2, 29.06]), { isHole: true }), null);
  assert.equal(added(SQUARE, ring).length, 2);
});
test("corners are walked forth and back over all rings", () => {
  assert.deepEqual(nextCorner(HOLED, null, 1), { part: 0, ring: 0, at: 0 });
  assert.deepEqual(nextCorner(HOLED, { part: 0, ring: 0, at: 3 }, 1), { part: 0, ring: 1, at: 0 });
  assert.deepEqual(nextCorner(HOLED, { part: 0, ring: 0, at: 0 }, -1), { part: 0, ring: 1, at: 3 });
  assert.equal(nextCorner([], null, 1), null);
  assert.equal(cornersOf(HOLED).length, 8);
});
test("a place within reach means a corner before an edge, and beyond it nothing", () => {
  assert.equal(hit(SQUARE, { lon: 107.0009, lat: 29 }, REACH).kind, "corner");
  assert.equal(hit(SQUARE, { lon: 107.0011, lat: 29 }, REACH).kind, "edge");
  assert.equal(hit(SQUARE, { lon: 107.05, lat: 29.0008 }, REACH), null);
});
test("a place is drawn to the border of another shape, and left alone without one", () => {
  assert.deepEqual(snapped({ lon: 107.0005, lat: 29.0005 }, SQUARE, REACH), [107, 29]);
  assert.deepEqual(snapped({ lon: 107.05, lat: 28.9995 }, SQUARE, REACH), [107.05, 29]);
  assert.deepEqual(snapped({ lon: 107.05, lat: 28.99 }, SQUARE, REACH), [107.05, 28.99]);
});
test("steps are taken back and made again; a new step forgets what was taken back", () => {
  const steps = history([]);
  assert.equal(steps.undo(), false);
  assert.equal(steps.push(SQUARE), true);
  assert.equal(steps.push(structuredClone(SQUARE)), false);
  steps.push(HOLED);
  assert.equal(steps.undo() && steps.undo(), true);
  assert.deepEqual([steps.now, steps.canUndo, steps.canRedo], [[], false, true]);
  steps.redo();
  assert.equal(steps.now, SQUARE);
  steps.push([]);
  assert.equal(steps.redo(), false);
});
test("ten thousand steps can all be taken back", () => {
  const steps = history(SQUARE);
  for (let i = 1; i <= 10000; i += 1) steps.push(moved(steps.now, { part: 0, ring: 0, at: 0 }, [106, i / 1000]));
  while (steps.undo());
  assert.equal(steps.now, SQUARE);
});
test("a shape is written as text and read as the same shape", () => {
  const both = [...HOLED, [rectangle([108, 29], [108.1, 29.1])]];
  assert.deepEqual(read(written(both)), { shape: both });
  assert.equal(written([]), "");
  assert.deepEqual(read(""), { shape: [] });
});
test("text may be closed, with full-width commas, blanks or semicolons", () => {
  const told = "107，29\n107.1 29\n107.1;29.1\n107,29\n\n孔\n107.05,29.02\n107.06,29.02\n107.06,29.03";
  assert.deepEqual(read(told).shape.map((part) => part.map((ring) => ring.length)), [[3, 3]]);
});
test("the line that cannot be read is told", () => {
  assert.deepEqual(read("107,29\n107.1,abc"), { line: 2, problem: "numbers" });
  assert.deepEqual(read("107,29\n107.1"), { line: 2, problem: "numbers" });
  assert.deepEqual(read("107,29,1"), { line: 1, problem: "numbers" });
  assert.deepEqual(read("\n107,29\n107.1,29"), { line: 2, problem: "few" });
  assert.deepEqual(read("hole\n107,29"), { line: 1, problem: "hole" });
});
test("GeoJSON is read as well: polygon, several parts, feature, collection", () => {
  const ring = [...SQUARE[0][0], SQUARE[0][0][0]];
  const polygon = { type: "Polygon", coordinates: [ring] };
  const feature = { type: "Feature", properties: {}, geometry: polygon };
  for (const told of [polygon, { type: "MultiPolygon", coordinates: [[ring]] }, feature, { type: "FeatureCollection", features: [feature] }]) {
    assert.deepEqual(read(JSON.stringify(told)), { shape: SQUARE });
  }
  assert.equal(read('{"type":"Point","coordinates":[1,2]}').problem, "numbers");
  assert.equal(read("{").problem, "numbers");
});
test("inside is inside", () => {
  assert.equal(isInside(SQUARE[0][0], [107.05, 29.05]), true);
  assert.equal(isInside(SQUARE[0][0], [107.15, 29.05]), false);
});

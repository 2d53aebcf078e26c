// What drawing does to a shape (see geometry.js): each step gives a new shape, so that any step can
// be taken back. A corner is named by {part, ring, at}.
import { isInside, rounded } from "./geometry.js";

export const SMALLEST = 3; // corners of a ring

export const cornersOf = (shape) => shape.flatMap((part, p) => part.flatMap((ring, r) => (
  ring.map(([lon, lat], at) => ({ part: p, ring: r, at, lon, lat }))
)));

export const cornerAt = (shape, name) => (name ? shape[name.part]?.[name.ring]?.[name.at] : undefined);

const changed = (shape, { part, ring }, change) => shape.map((rings, p) => (
  p === part ? rings.map((corners, r) => (r === ring ? change(corners) : corners)) : rings
));

export const moved = (shape, name, place) => (
  changed(shape, name, (corners) => corners.map((corner, at) => (at === name.at ? rounded(place) : corner)))
);

// A new corner behind the one that is named.
export const inserted = (shape, name, place) => (
  changed(shape, name, (corners) => [...corners.slice(0, name.at + 1), rounded(place), ...corners.slice(name.at + 1)])
);

// A ring that would keep fewer than three corners goes as a whole, and a part with its outline.
export function removed(shape, name) {
  const ring = shape[name.part][name.ring];
  if (ring.length > SMALLEST) return changed(shape, name, (corners) => corners.filter((_corner, at) => at !== name.at));
  if (name.ring === 0) return shape.filter((_rings, p) => p !== name.part);
  return shape.map((rings, p) => (p === name.part ? rings.filter((_corners, r) => r !== name.ring) : rings));
}

// The ring as one more part, or as a hole of the part that it lies in; null when it lies in none.
export function added(shape, ring, { isHole = false } = {}) {
  if (!isHole) return [...shape, [ring]];
  const around = shape.findIndex(([outline]) => ring.every((corner) => isInside(outline, corner)));
  return around < 0 ? null : shape.map((rings, p) => (p === around ? [...rings, ring] : rings));
}

// The corner after or before one, over all rings; the first one when there is none yet.
export function nextCorner(shape, name, step) {
  const all = cornersOf(shape);
  if (!all.length) return null;
  const now = all.findIndex((one) => name && one.part === name.part && one.ring === name.ring && one.at === name.at);
  const to = now < 0 ? (step > 0 ? 0 : all.length - 1) : (now + step + all.length) % all.length;
  return { part: all[to].part, ring: all[to].ring, at: all[to].at };
}

const off = ([lon, lat], place, reach) => Math.hypot((lon - place.lon) / reach.lon, (lat - place.lat) / reach.lat);

// The place on the edge from a to b that is nearest, measured in reaches.
function nearestOn([ax, ay], [bx, by], place, reach) {
  const [dx, dy] = [(bx - ax) / reach.lon, (by - ay) / reach.lat];
  const [px, py] = [(place.lon - ax) / reach.lon, (place.lat - ay) / reach.lat];
  const length = dx * dx + dy * dy;
  const share = length ? Math.min(1, Math.max(0, (px * dx + py * dy) / length)) : 0;
  return [ax + share * (bx - ax), ay + share * (by - ay)];
}

// What of the shape is meant by a place: a corner, else an edge (named by the corner before it).
export function hit(shape, place, reach) {
  let best = null;
  cornersOf(shape).forEach((corner) => {
    const distance = off([corner.lon, corner.lat], place, reach);
    if (distance <= (best?.distance ?? 1)) best = { kind: "corner", distance, part: corner.part, ring: corner.ring, at: corner.at };
  });
  if (best) return best;
  shape.forEach((part, p) => part.forEach((ring, r) => ring.forEach((corner, at) => {
    const on = nearestOn(corner, ring[(at + 1) % ring.length], place, reach);
    const distance = off(on, place, reach);
    if (distance <= (best?.distance ?? 0.7)) best = { kind: "edge", distance, part: p, ring: r, at, place: on };
  })));
  return best;
}

// The border of other shapes that a place is drawn to: a corner within reach, else an edge.
export function snapped(place, others, reach) {
  const found = hit(others, place, reach);
  if (!found) return [place.lon, place.lat];
  return found.kind === "corner" ? cornerAt(others, found) : found.place;
}

// Every step that was made, to be taken back and made again, without a limit.
export function history(first) {
  let past = [];
  let now = first;
  let future = [];
  return {
    get now() { return now; },
    get canUndo() { return past.length > 0; },
    get canRedo() { return future.length > 0; },
    push(next) {
      if (next === now || JSON.stringify(next) === JSON.stringify(now)) return false;
      past.push(now);
      now = next;
      future = [];
      return true;
    },
    undo() {
      if (!past.length) return false;
      future.push(now);
      now = past.pop();
      return true;
    },
    redo() {
      if (!future.length) return false;
      past.push(now);
      now = future.pop();
      return true;
    },
  };
}

// Measures on the ellipsoid of WGS 84. A shape is a list of parts, a part a list of rings (its
// outline, then its holes), a ring a list of corners [lon, lat]; the first corner is not repeated.
const RADIUS = 6378137;
const FLATTENING = 1 / 298.257223563;
const E2 = FLATTENING * (2 - FLATTENING);
const E = Math.sqrt(E2);
const DEGREE = Math.PI / 180;
const ROUND = 64; // corners of a circle

export const rings = (shape) => shape.flat();
export const countCorners = (shape) => rings(shape).reduce((sum, ring) => sum + ring.length, 0);

// Height above the equator on the cylinder that keeps areas (Lambert), in radii.
function level(lat) {
  const s = Math.sin(lat * DEGREE);
  return ((1 - E2) * (s / (1 - E2 * s * s) + Math.log((1 + E * s) / (1 - E * s)) / (2 * E))) / 2;
}

function signed(ring) {
  let sum = 0;
  ring.forEach(([lon, lat], i) => {
    const [next, nextLat] = ring[(i + 1) % ring.length];
    sum += (next - lon) * DEGREE * (level(lat) + level(nextLat));
  });
  return (sum / 2) * RADIUS * RADIUS;
}

// Square metres: outlines less their holes.
export const areaOf = (shape) => shape.reduce((sum, [outline = [], ...holes]) => (
  sum + Math.abs(signed(outline)) - holes.reduce((cut, hole) => cut + Math.abs(signed(hole)), 0)
), 0);

// Metres of a degree of longitude and of latitude.
export function degreeAt(lat) {
  const s = Math.sin(lat * DEGREE);
  const w = Math.sqrt(1 - E2 * s * s);
  return [(RADIUS * DEGREE * Math.cos(lat * DEGREE)) / w, (RADIUS * DEGREE * (1 - E2)) / w ** 3];
}

// Metres between two places; exact to a millimetre over ten kilometres.
export function metresBetween([lon, lat], [otherLon, otherLat]) {
  const [east, north] = degreeAt((lat + otherLat) / 2);
  return Math.hypot((otherLon - lon) * east, (otherLat - lat) * north);
}

export const lengthOf = (shape) => rings(shape).reduce((sum, ring) => (
  sum + ring.reduce((along, corner, i) => along + metresBetween(corner, ring[(i + 1) % ring.length]), 0)
), 0);

// Where one comes to from a place, going so far in a direction (radians from north): T. Vincenty,
// "Direct and inverse solutions of geodesics on the ellipsoid", 1975.
export function destination([lon, lat], bearing, metres) {
  const polar = RADIUS * (1 - FLATTENING);
  const reduced = Math.atan((1 - FLATTENING) * Math.tan(lat * DEGREE));
  const [sinU, cosU] = [Math.sin(reduced), Math.cos(reduced)];
  const [sinA, cosA] = [Math.sin(bearing), Math.cos(bearing)];
  const start = Math.atan2(Math.tan(reduced), cosA);
  const across = cosU * sinA;
  const along = 1 - across * across;
  const u2 = (along * (RADIUS ** 2 - polar ** 2)) / polar ** 2;
  const a = 1 + (u2 / 16384) * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)));
  const b = (u2 / 1024) * (256 + u2 * (-128 + u2 * (74 - 47 * u2)));
  let arc = metres / (polar * a);
  for (let round = 0; round < 12; round += 1) {
    const middle = Math.cos(2 * start + arc);
    const [s, c] = [Math.sin(arc), Math.cos(arc)];
    const bend = b * s * (middle + (b / 4) * (c * (2 * middle ** 2 - 1)
      - (b / 6) * middle * (4 * s * s - 3) * (4 * middle ** 2 - 3)));
    const next = metres / (polar * a) + bend;
    if (Math.abs(next - arc) < 1e-13) break;
    arc = next;
  }
  const middle = Math.cos(2 * start + arc);
  const [s, c] = [Math.sin(arc), Math.cos(arc)];
  const term = sinU * s - cosU * c * cosA;
  const north = Math.atan2(sinU * c + cosU * s * cosA, (1 - FLATTENING) * Math.hypot(across, term));
  const turn = Math.atan2(s * sinA, cosU * c - sinU * s * cosA);
  const k = (FLATTENING / 16) * along * (4 + FLATTENING * (4 - 3 * along));
  const east = turn - (1 - k) * FLATTENING * across * (arc + k * s * (middle + k * c * (2 * middle ** 2 - 1)));
  return [lon + east / DEGREE, north / DEGREE];
}

export const rounded = ([lon, lat]) => [Number(lon.toFixed(7)), Number(lat.toFixed(7))];

export const circle = (centre, metres, corners = ROUND) => Array.from({ length: corners }, (_none, i) => (
  rounded(destination(centre, (-2 * Math.PI * i) / corners, metres))
));

export const rectangle = ([west, south], [east, north]) => (
  [[west, south], [east, south], [east, north], [west, north]].map(rounded)
);

// Whether a place lies in a ring; on the border is not asked.
export function isInside(ring, [lon, lat]) {
  let inside = false;
  ring.forEach(([x, y], i) => {
    const [u, v] = ring[(i + 1) % ring.length];
    if (y > lat !== v > lat && lon < ((u - x) * (lat - y)) / (v - y) + x) inside = !inside;
  });
  return inside;
}

const side = ([ax, ay], [bx, by], [x, y]) => (bx - ax) * (y - ay) - (by - ay) * (x - ax);
const isBetween = ([ax, ay], [bx, by], [x, y]) => (
  Math.min(ax, bx) <= x && x <= Math.max(ax, bx) && Math.min(ay, by) <= y && y <= Math.max(ay, by)
);

function edgesOf(shape) {
  return rings(shape).flatMap((drawn, ring) => {
    const told = drawn.filter(([x, y], i) => {
      const [u, v] = drawn[(i + 1) % drawn.length];
      return x !== u || y !== v;
    });
    return told.length < 3 ? [] : told.map((a, k) => {
      const b = told[(k + 1) % told.length];
      return { ring, k, n: told.length, a, b, west: Math.min(a[0], b[0]), east: Math.max(a[0], b[0]) };
    });
  });
}

// Two neighbours may only share their corner: where the outline runs back on itself is a fault.
function folded(e, f) {
  const [before, corner, after] = e.b === f.a ? [e.a, e.b, f.b] : [f.a, e.a, e.b];
  if (side(before, corner, after) !== 0) return null;
  const forth = (corner[0] - before[0]) * (after[0] - corner[0]) + (corner[1] - before[1]) * (after[1] - corner[1]);
  return forth < 0 ? corner : null;
}

function met(e, f) {
  const isSame = e.ring === f.ring;
  if (isSame && ((e.k + 1) % e.n === f.k || (f.k + 1) % f.n === e.k)) return folded(e, f);
  const [fa, fb, ea, eb] = [side(e.a, e.b, f.a), side(e.a, e.b, f.b), side(f.a, f.b, e.a), side(f.a, f.b, e.b)];
  if (fa * fb < 0 && ea * eb < 0) {
    const share = fa / (fa - fb);
    return [f.a[0] + share * (f.b[0] - f.a[0]), f.a[1] + share * (f.b[1] - f.a[1])];
  }
  const touching = [];
  if (fa === 0 && isBetween(e.a, e.b, f.a)) touching.push(f.a);
  if (fb === 0 && isBetween(e.a, e.b, f.b)) touching.push(f.b);
  if (ea === 0 && isBetween(f.a, f.b, e.a)) touching.push(e.a);
  if (eb === 0 && isBetween(f.a, f.b, e.b)) touching.push(e.b);
  if (!touching.length) return null;
  if (isSame) return touching[0];
  // Rings of one shape may touch in a corner, but not run along each other.
  const other = touching.find(([x, y]) => x !== touching[0][0] || y !== touching[0][1]);
  return other ?? null;
}

// The first place where an outline crosses or touches itself or another one; null when none does.
export function crossing(shape) {
  const edges = edgesOf(shape).sort((one, other) => one.west - other.west);
  for (let i = 0; i < edges.length; i += 1) {
    for (let j = i + 1; j < edges.length && edges[j].west <= edges[i].east; j += 1) {
      const place = met(edges[i], edges[j]);
      if (place) return place;
    }
  }
  return null;
}

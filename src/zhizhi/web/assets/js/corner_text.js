// A shape as text that anybody can type: one corner a line, "lon, lat"; an empty line begins the
// next part, and a line "hole" (or 孔) makes what follows a hole of the part before. The server
// reads the same (web/corner_text.py).
const HOLE = /^(hole|孔|洞)[:：]?$/i;

const line = ([lon, lat]) => `${lon.toFixed(7)}, ${lat.toFixed(7)}`;

export const written = (shape) => shape.map((part) => (
  part.map((ring, r) => (r ? "hole\n" : "") + ring.map(line).join("\n")).join("\n\n")
)).join("\n\n");

// What stands in the text: {shape}, or {line, problem} with problem "numbers", "few" or "hole".
export function read(text) {
  const trimmed = text.trim();
  return /^[{[]/.test(trimmed) ? readGeoJson(trimmed) : readLines(text);
}

function readLines(text) {
  const shape = [];
  let ring = null;
  let isHole = false;
  let begun = 0;
  const lines = text.split(/\r?\n/);
  const ended = () => {
    if (!ring) return null;
    const isClosed = ring.length > 1 && String(ring[0]) === String(ring.at(-1));
    const corners = isClosed ? ring.slice(0, -1) : ring;
    if (corners.length < 3) return { line: begun, problem: "few" };
    if (isHole) shape.at(-1).push(corners);
    else shape.push([corners]);
    ring = null;
    isHole = false;
    return null;
  };
  for (let number = 1; number <= lines.length; number += 1) {
    const told = lines[number - 1].trim();
    if (told === "" || HOLE.test(told)) {
      const problem = ended();
      if (problem) return problem;
      if (told && !shape.length) return { line: number, problem: "hole" };
      if (told) isHole = true;
    } else {
      const parts = told.split(/[\s,;，；、]+/).filter(Boolean);
      const corner = parts.slice(0, 2).map(Number);
      const isPlace = parts.length === 2 && corner.every(Number.isFinite);
      if (!isPlace) return { line: number, problem: "numbers" };
      if (!ring) begun = number;
      (ring ??= []).push(corner);
    }
  }
  return ended() ?? { shape };
}

const opened = (ring) => (String(ring[0]) === String(ring.at(-1)) ? ring.slice(0, -1) : ring).map(([lon, lat]) => [lon, lat]);

function readGeoJson(text) {
  try {
    const told = JSON.parse(text);
    const geometries = (told.features ?? [told]).map((one) => one.geometry ?? one);
    const parts = geometries.flatMap(({ type, coordinates }) => (type === "MultiPolygon" ? coordinates : [coordinates]));
    const shape = parts.map((part) => part.map(opened));
    const isRead = shape.flat(2).every((corner) => corner.length === 2 && corner.every(Number.isFinite));
    return isRead && shape.length ? { shape } : { line: 1, problem: "numbers" };
  } catch {
    return { line: 1, problem: "numbers" };
  }
}

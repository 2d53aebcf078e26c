// The world as a plane, one wide and one high (Mercator), and shapes on it in pixels of a view.
export const across = (lon) => (lon + 180) / 360;
export const down = (lat) => 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);

const partsOf = ({ type, coordinates }) => (type === "Polygon" ? [coordinates] : coordinates);

// A ring as [x, y, x, y…].
function flat(ring) {
  const corners = new Float64Array(2 * ring.length);
  for (let i = 0; i < ring.length; i += 1) {
    corners[2 * i] = across(ring[i][0]);
    corners[2 * i + 1] = down(ring[i][1]);
  }
  return corners;
}

// A GeoJSON polygon as rings on the plane, with the box around them: west, north, east, south.
export function shapeOf({ id, geometry }) {
  const rings = partsOf(geometry).flat().map(flat);
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings) {
    for (let i = 0; i < ring.length; i += 2) {
      box[0] = Math.min(box[0], ring[i]);
      box[1] = Math.min(box[1], ring[i + 1]);
      box[2] = Math.max(box[2], ring[i]);
      box[3] = Math.max(box[3], ring[i + 1]);
    }
  }
  return { id, rings, box };
}

export function isInView([west, north, east, south], { scale, left, top, size }) {
  return east * scale > left && west * scale < left + size.x && south * scale > top && north * scale < top + size.y;
}

// Draw the rings into a path; a corner that is nearer than "nearest" pixels to the one before is left out.
export function trace(path, rings, { scale, left, top }, nearest) {
  for (const ring of rings) {
    let x = ring[0] * scale - left;
    let y = ring[1] * scale - top;
    path.moveTo(x, y);
    for (let i = 2; i < ring.length; i += 2) {
      const nextX = ring[i] * scale - left;
      const nextY = ring[i + 1] * scale - top;
      if (Math.abs(nextX - x) + Math.abs(nextY - y) >= nearest) {
        x = nextX;
        y = nextY;
        path.lineTo(x, y);
      }
    }
    path.closePath();
  }
}

// The world as a plane, one wide and one high (Mercator), and shapes on it in pixels of a view.
export const across = (lon) => (lon + 180) / 360;
export const down = (lat) => 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);

const partsOf = ({ type, coordinates }) => (type === "Polygon" ? [coordinates] : coordinates);

// A ring as [x, y, x, y…]; the box grows around it.
function flat(ring, box) {
  const corners = new Float64Array(2 * ring.length);
  let [west, north, east, south] = box;
  for (let i = 0; i < ring.length; i += 1) {
    const x = across(ring[i][0]);
    const y = down(ring[i][1]);
    corners[2 * i] = x;
    corners[2 * i + 1] = y;
    if (x < west) west = x;
    if (x > east) east = x;
    if (y < north) north = y;
    if (y > south) south = y;
  }
  box.splice(0, 4, west, north, east, south);
  return corners;
}

// A GeoJSON polygon as rings on the plane, with the box around them: west, north, east, south.
export function shapeOf({ id, geometry }) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  const rings = partsOf(geometry).flat().map((ring) => flat(ring, box));
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

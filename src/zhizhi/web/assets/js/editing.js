// The layer of the map on which a shape is drawn: it shows corners and tells where fingers, pen and
// mouse are. What a press means, whoever listens decides: an answer "true" holds the map still.
//   show("editing", {shape, selected, pending, guide, crossing}); events press, drag, release, tap,
//   finish, hover and view (its middle) with {lon, lat, reach, pixel}; reach and pixel are degrees.
import L from "leaflet";
import { enlarged } from "./canvas_layer.js";

const REACH = { mouse: 10, pen: 14, touch: 24 }; // pixels
const MOST_MIDDLES = 400; // more corners in view: no marks between them

export function editing(map, element, ask) {
  const pane = map.createPane("editing");
  pane.style.zIndex = 420;
  pane.style.pointerEvents = "none";
  element.classList.add("editing");
  map.doubleClickZoom.disable();
  map.boxZoom.disable();
  const canvas = L.DomUtil.create("canvas", "leaflet-zoom-hide", pane);
  let drawn = { shape: [] };

  const pixel = ({ x, y }) => {
    const [here, beside] = [map.containerPointToLatLng([x, y]), map.containerPointToLatLng([x + 1, y + 1])];
    return { lon: beside.lng - here.lng, lat: here.lat - beside.lat };
  };
  const told = (point, kind = "mouse") => {
    const { lng, lat } = map.containerPointToLatLng(point);
    const one = pixel(point);
    const reach = (REACH[kind] ?? REACH.mouse) * enlarged();
    return { lon: lng, lat, pixel: one, reach: { lon: one.lon * reach, lat: one.lat * reach } };
  };
  const at = (event) => {
    const box = element.getBoundingClientRect();
    return told(L.point(event.clientX - box.left - element.clientLeft, event.clientY - box.top - element.clientTop), event.pointerType);
  };
  hold(map, element, ask, at);
  const redraw = () => paint(map, canvas, drawn);
  map.on("moveend resize zoomend viewreset", () => { redraw(); ask("view", told(map.getSize().divideBy(2))); });
  return { show(data) { drawn = data; redraw(); }, redraw };
}

// Presses: one pointer at a time; while somebody holds something, the map does not move.
function hold(map, element, ask, at) {
  let held = null;
  let wasHeld = false;
  element.addEventListener("pointerdown", (event) => {
    wasHeld = false;
    if (held !== null || !event.isPrimary || event.button !== 0 || event.target.closest(".leaflet-control")) return;
    if (!ask("press", at(event))) return;
    held = event.pointerId;
    wasHeld = true;
    map.dragging.disable();
    element.setPointerCapture(held);
  }, true);
  element.addEventListener("pointermove", (event) => {
    if (held === null) element.style.cursor = ask("hover", at(event)) ? "pointer" : "";
    else if (event.pointerId === held) ask("drag", at(event));
  });
  const ended = (event) => {
    if (event.pointerId !== held) return;
    held = null;
    map.dragging.enable();
    ask("release", at(event));
  };
  element.addEventListener("pointerup", ended);
  element.addEventListener("pointercancel", ended);
  const placed = ({ originalEvent }) => at(originalEvent);
  map.on("click", (event) => { if (!wasHeld) ask("tap", placed(event)); });
  map.on("dblclick", (event) => { if (!wasHeld) ask("finish", placed(event)); });
}

function paint(map, canvas, { shape, selected, pending = [], guide, crossing }) {
  const size = map.getSize();
  const ratio = window.devicePixelRatio || 1;
  L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]));
  Object.assign(canvas, { width: size.x * ratio, height: size.y * ratio });
  Object.assign(canvas.style, { width: `${size.x}px`, height: `${size.y}px` });
  const c = canvas.getContext("2d");
  c.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(name).trim();
  const big = enlarged();
  const pen = { c, big, accent: colour("--accent"), panel: colour("--panel"), ink: colour("--ink"), urgent: colour("--urgent") };
  const place = ([lon, lat]) => map.latLngToContainerPoint([lat, lon]);
  const inView = ({ x, y }) => x > -12 && y > -12 && x < size.x + 12 && y < size.y + 12;
  const drawn = shape.map((part) => part.map((ring) => ring.map(place)));
  fill(pen, drawn);
  const corners = drawn.flat(2).filter(inView);
  if (corners.length <= MOST_MIDDLES) drawn.flat().forEach((ring) => middles(pen, ring, inView));
  corners.forEach((point) => grip(pen, point, 4.5));
  const chosen = selected && drawn[selected.part]?.[selected.ring]?.[selected.at];
  if (chosen) grip(pen, chosen, 7, true);
  if (guide) fill(pen, [[guide.map(place)]]);
  if (pending.length) begun(pen, pending.map(place));
  if (crossing) fault(pen, place(crossing));
}

function trace(c, points, isClosed) {
  points.forEach(({ x, y }, i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
  if (isClosed) c.closePath();
}

function fill({ c, big, accent }, drawn) {
  c.beginPath();
  drawn.forEach((part) => part.forEach((ring) => trace(c, ring, true)));
  c.globalAlpha = 0.16;
  c.fillStyle = accent;
  c.fill("evenodd");
  c.globalAlpha = 1;
  c.lineWidth = 2.5 * big;
  c.strokeStyle = accent;
  c.stroke();
}

function grip({ c, big, accent, panel, ink }, { x, y }, size, isChosen = false) {
  const half = size * big;
  c.beginPath();
  c.rect(x - half, y - half, 2 * half, 2 * half);
  c.fillStyle = isChosen ? accent : panel;
  c.fill();
  c.lineWidth = (isChosen ? 2.5 : 1.75) * big;
  c.strokeStyle = isChosen ? ink : accent;
  c.stroke();
}

// Where an edge can be taken hold of; only on edges that leave room for it.
function middles({ c, big, accent, panel }, ring, inView) {
  ring.forEach((point, i) => {
    const next = ring[(i + 1) % ring.length];
    if (Math.hypot(next.x - point.x, next.y - point.y) < 48 * big) return;
    const middle = { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    if (!inView(middle)) return;
    c.beginPath();
    c.arc(middle.x, middle.y, 3 * big, 0, 2 * Math.PI);
    c.fillStyle = panel;
    c.fill();
    c.lineWidth = 1.25 * big;
    c.strokeStyle = accent;
    c.stroke();
  });
}

function begun(pen, points) {
  const { c, big, accent } = pen;
  c.beginPath();
  trace(c, points, false);
  c.setLineDash([6 * big, 4 * big]);
  c.lineWidth = 2.5 * big;
  c.strokeStyle = accent;
  c.stroke();
  c.setLineDash([]);
  points.forEach((point, i) => grip(pen, point, i ? 4 : 6, !i));
}

function fault({ c, big, urgent, panel }, { x, y }) {
  [[panel, 6], [urgent, 3]].forEach(([colour, width]) => {
    c.beginPath();
    c.arc(x, y, 12 * big, 0, 2 * Math.PI);
    c.moveTo(x - 5 * big, y - 5 * big);
    c.lineTo(x + 5 * big, y + 5 * big);
    c.moveTo(x + 5 * big, y - 5 * big);
    c.lineTo(x - 5 * big, y + 5 * big);
    c.lineWidth = width * big;
    c.strokeStyle = colour;
    c.stroke();
  });
}

// Many points from typed arrays on one canvas: few as shapes, many as pixels.
import L from "leaflet";
import { CanvasLayer } from "./canvas_layer.js";
import { across, down } from "./plane.js";

const SIZE = 7;
const FEW = 4000; // more are drawn as pixels
const REACH = 14; // pixels from a point that still mean it
const FROM = 11.5; // zoom from which units that wait are drawn
const DRAW = {
  urgent(c, x, y) { const r = SIZE + 2; c.moveTo(x, y - r); c.lineTo(x + r, y); c.lineTo(x, y + r); c.lineTo(x - r, y); c.closePath(); },
  important(c, x, y) { c.moveTo(x, y - SIZE - 1); c.lineTo(x + SIZE + 1, y + SIZE); c.lineTo(x - SIZE - 1, y + SIZE); c.closePath(); },
  normal(c, x, y) { c.moveTo(x + SIZE - 1, y); c.arc(x, y, SIZE - 1, 0, Math.PI * 2); },
  free(c, x, y, zoom) { const r = zoom < 14 ? 3 : 4; if (zoom >= FROM) c.rect(x - r, y - r, 2 * r, 2 * r); }, // hundreds of them: noise from afar
  busy(c, x, y) { c.rect(x - 5, y - 5, 10, 10); },
  off() {},
  subject(c, x, y) { const r = SIZE - 1; c.moveTo(x, y - r); c.lineTo(x + r, y + r); c.lineTo(x, y + r / 2); c.lineTo(x - r, y + r); c.closePath(); },
  vessel(c, x, y) { const r = SIZE - 2; c.moveTo(x, y - r); c.lineTo(x + r, y + r); c.lineTo(x, y + r / 2); c.lineTo(x - r, y + r); c.closePath(); },
};

export const PointLayer = CanvasLayer.extend({
  initialize(kinds, { colours, pane, hollow = [] }) {
    Object.assign(this, { kinds, colours, hollow });
    L.setOptions(this, { pane });
    this.set({ id: [], lon: [], lat: [], kind: [] });
  },
  set({ id, lon, lat, kind, label, able, abilities }) {
    this.ids = id;
    this.labels = label;
    this.able = able?.map((at) => abilities[at]); // what each unit can do, where the points are units
    this.kind = Uint8Array.from(kind);
    this.x = Float64Array.from(lon, across);
    this.y = Float64Array.from(lat, down);
    if (this.canvas) this.redraw();
  },
  select(id) {
    this.selected = id;
    if (this.canvas) this.redraw();
  },
  // Points for which ``test`` holds are drawn, and found, from however far away; null ends it.
  offer(test) {
    this.offered = test;
    if (this.canvas) this.redraw();
  },
  told(i) {
    return { id: this.ids[i], label: this.labels?.[i] ?? "", kind: this.kinds[this.kind[i]], able: this.able?.[i] };
  },
  zoomOf(i, zoom) {
    return this.offered?.(this.told(i)) ? Math.max(zoom, FROM) : zoom;
  },
  redraw() {
    const view = this.view();
    const { ratio } = view;
    const [c, colour] = this.sheet(view);
    const paint = this.colours.map(colour);
    if (this.x.length > FEW) {
      this.pixels(c, view, paint, ratio);
      return;
    }
    c.scale(ratio, ratio);
    const edge = colour("--panel");
    let chosen = -1;
    for (let i = 0; i < this.x.length; i += 1) {
      if (this.ids[i] === this.selected) chosen = i;
      else this.shape(c, i, view, paint, edge);
    }
    if (chosen >= 0) this.halo(c, chosen, view, paint, edge, colour("--ink"));
  },
  shape(c, i, view, paint, edge) {
    const x = this.x[i] * view.scale - view.left;
    const y = this.y[i] * view.scale - view.top;
    if (x < -20 || y < -20 || x > view.size.x + 20 || y > view.size.y + 20) return;
    const kind = this.kinds[this.kind[i]];
    const isHollow = this.hollow.includes(kind);
    c.beginPath();
    c.save();
    c.translate(x, y);
    c.scale(view.big, view.big);
    DRAW[kind](c, 0, 0, this.zoomOf(i, view.zoom));
    c.restore();
    c.fillStyle = isHollow ? edge : paint[this.kind[i]];
    c.fill();
    c.lineWidth = (isHollow ? 3 : 1.25) * view.big;
    c.strokeStyle = isHollow ? paint[this.kind[i]] : edge;
    c.stroke();
  },
  halo(c, i, view, paint, edge, ink) {
    const x = this.x[i] * view.scale - view.left;
    const y = this.y[i] * view.scale - view.top;
    [[edge, 6], [ink, 2.5]].forEach(([colour, width]) => {
      c.beginPath();
      c.arc(x, y, 17, 0, Math.PI * 2);
      c.strokeStyle = colour;
      c.lineWidth = width;
      c.stroke();
    });
    this.shape(c, i, view, paint, edge);
  },
  pixels(c, view, paint, ratio) {
    const { width, height } = this.canvas;
    const image = c.createImageData(width, height);
    const words = new Uint32Array(image.data.buffer);
    const colours = paint.map((text) => {
      c.fillStyle = text;
      const value = parseInt(c.fillStyle.slice(1), 16);
      return (255 << 24) | ((value & 255) << 16) | (value & 0xff00) | (value >> 16);
    });
    for (let i = 0; i < this.x.length; i += 1) {
      const x = ((this.x[i] * view.scale - view.left) * ratio) | 0;
      const y = ((this.y[i] * view.scale - view.top) * ratio) | 0;
      if (x < 0 || y < 0 || x > width - 2 || y > height - 2) continue;
      const at = y * width + x;
      words[at] = words[at + 1] = words[at + width] = words[at + width + 1] = colours[this.kind[i]];
    }
    c.putImageData(image, 0, 0);
  },
  nearest({ x, y }) {
    const view = this.view();
    let best = -1;
    let least = REACH ** 2;
    for (let i = 0; i < this.x.length; i += 1) {
      if (this.kinds[this.kind[i]] === "free" && this.zoomOf(i, view.zoom) < FROM) continue;
      const right = this.x[i] * view.scale - view.left - x;
      const down = this.y[i] * view.scale - view.top - y;
      const distance = right * right + down * down;
      if (distance <= least) [best, least] = [i, distance];
    }
    return best < 0 ? null : this.told(best);
  },
});

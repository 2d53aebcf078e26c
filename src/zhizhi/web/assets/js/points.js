// Many points from typed arrays on one canvas: few as shapes, many as pixels. Positions are
// projected once; a redraw is one multiplication a point. Needs no graphics card.
import L from "leaflet";

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

// On a wall everything grows with the size of its letters.
export const enlarged = () => Math.max(1, parseFloat(getComputedStyle(document.documentElement).fontSize) / 16);

export const PointLayer = L.Layer.extend({
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
    this.x = Float64Array.from(lon, (value) => (value + 180) / 360);
    this.y = Float64Array.from(lat, (value) => 0.5 - Math.log(Math.tan(Math.PI / 4 + (value * Math.PI) / 360)) / (2 * Math.PI));
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
  onAdd(map) {
    this.canvas = L.DomUtil.create("canvas", "leaflet-zoom-hide points");
    this.canvas.style.pointerEvents = "none";
    this.getPane().append(this.canvas);
    map.on("moveend resize zoomend viewreset", this.redraw, this);
    this.redraw();
  },
  onRemove(map) {
    map.off("moveend resize zoomend viewreset", this.redraw, this);
    this.canvas.remove();
    this.canvas = null;
  },
  view() {
    const map = this._map;
    const corner = map.getPixelBounds().min;
    return { left: corner.x, top: corner.y, scale: 256 * 2 ** map.getZoom(), size: map.getSize(), zoom: map.getZoom(), big: enlarged() };
  },
  redraw() {
    const view = this.view();
    const ratio = window.devicePixelRatio || 1;
    L.DomUtil.setPosition(this.canvas, this._map.containerPointToLayerPoint([0, 0]));
    this.canvas.width = view.size.x * ratio;
    this.canvas.height = view.size.y * ratio;
    this.canvas.style.width = `${view.size.x}px`;
    this.canvas.style.height = `${view.size.y}px`;
    const c = this.canvas.getContext("2d");
    const style = getComputedStyle(this.canvas);
    const paint = this.colours.map((name) => style.getPropertyValue(name).trim());
    if (this.x.length > FEW) {
      this.pixels(c, view, paint, ratio);
      return;
    }
    c.scale(ratio, ratio);
    const edge = style.getPropertyValue("--panel").trim();
    let chosen = -1;
    for (let i = 0; i < this.x.length; i += 1) {
      if (this.ids[i] === this.selected) chosen = i;
      else this.shape(c, i, view, paint, edge);
    }
    if (chosen >= 0) this.halo(c, chosen, view, paint, edge, style.getPropertyValue("--ink").trim());
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

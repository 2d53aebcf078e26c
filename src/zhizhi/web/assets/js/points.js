// A layer of many points from typed arrays on one canvas: alerts as shapes, units as squares.
// Drawn once per view (on move end), moved by CSS while panning; no graphics card needed.
import L from "leaflet";

const SIZE = 7;
const DRAW = {
  urgent(c, x, y) { c.moveTo(x, y - SIZE - 2); c.lineTo(x + SIZE + 2, y); c.lineTo(x, y + SIZE + 2); c.lineTo(x - SIZE - 2, y); c.closePath(); },
  important(c, x, y) { c.moveTo(x, y - SIZE); c.lineTo(x + SIZE, y + SIZE * 0.8); c.lineTo(x - SIZE, y + SIZE * 0.8); c.closePath(); },
  normal(c, x, y) { c.moveTo(x + SIZE - 1, y); c.arc(x, y, SIZE - 1, 0, Math.PI * 2); },
  unit(c, x, y, zoom) { const r = zoom < 11 ? 1.5 : 5; c.rect(x - r, y - r, 2 * r, 2 * r); },
  busy(c, x, y) { c.rect(x - 5, y - 5, 10, 10); },
};

export const PointLayer = L.Layer.extend({
  initialize(kinds, colours) {
    this.kinds = kinds;
    this.colours = colours;
    this.set({ id: [], lon: [], lat: [], kind: [] });
  },
  set({ id, lon, lat, kind }) {
    this.ids = id;
    this.lon = Float64Array.from(lon);
    this.lat = Float64Array.from(lat);
    this.kind = Uint8Array.from(kind);
    if (this.canvas) this.redraw();
  },
  select(id) {
    this.selected = id;
    if (this.canvas) this.redraw();
  },
  onAdd(map) {
    this.canvas = L.DomUtil.create("canvas", "leaflet-zoom-hide points");
    this.canvas.style.pointerEvents = "none";
    map.getPanes().overlayPane.append(this.canvas);
    map.on("moveend resize zoomend viewreset", this.redraw, this);
    map.on("click", this.pick, this);
    this.redraw();
  },
  onRemove(map) {
    map.off("moveend resize zoomend viewreset", this.redraw, this);
    map.off("click", this.pick, this);
    this.canvas.remove();
    this.canvas = null;
  },
  redraw() {
    const map = this._map;
    const size = map.getSize();
    const ratio = window.devicePixelRatio || 1;
    L.DomUtil.setPosition(this.canvas, map.containerPointToLayerPoint([0, 0]));
    this.canvas.width = size.x * ratio;
    this.canvas.height = size.y * ratio;
    this.canvas.style.width = `${size.x}px`;
    this.canvas.style.height = `${size.y}px`;
    const c = this.canvas.getContext("2d");
    c.scale(ratio, ratio);
    const style = getComputedStyle(this.canvas);
    const paint = this.colours.map((name) => style.getPropertyValue(name).trim());
    const edge = style.getPropertyValue("--panel").trim();
    const ink = style.getPropertyValue("--ink").trim();
    for (let i = 0; i < this.lon.length; i += 1) {
      const { x, y } = map.latLngToContainerPoint([this.lat[i], this.lon[i]]);
      if (x < -20 || y < -20 || x > size.x + 20 || y > size.y + 20) continue;
      const isChosen = this.ids[i] === this.selected;
      c.beginPath();
      DRAW[this.kinds[this.kind[i]]](c, x, y, map.getZoom());
      c.fillStyle = paint[this.kind[i]];
      c.fill();
      c.lineWidth = isChosen ? 3 : 1;
      c.strokeStyle = isChosen ? ink : edge;
      c.stroke();
    }
  },
  pick(event) {
    let best = -1;
    let nearest = 14;
    for (let i = 0; i < this.lon.length; i += 1) {
      const point = this._map.latLngToContainerPoint([this.lat[i], this.lon[i]]);
      const distance = point.distanceTo(event.containerPoint);
      if (distance <= nearest) [best, nearest] = [i, distance];
    }
    if (best >= 0) this.fire("pick", { id: this.ids[best] });
  },
});

// What is drawn on a canvas of its own, from places that were projected once: a redraw is one
// multiplication a place. Needs no graphics card.
import L from "leaflet";

// On a wall everything grows with the size of its letters.
export const enlarged = () => Math.max(1, parseFloat(getComputedStyle(document.documentElement).fontSize) / 16);

const MOVED = "moveend resize zoomend viewreset";

export const CanvasLayer = L.Layer.extend({
  // "spare": how far beyond the view is drawn, in parts of it, to be seen while the map is dragged.
  options: { spare: 0 },
  onAdd(map) {
    this.canvas = L.DomUtil.create("canvas", `leaflet-zoom-hide ${this.options.pane}`);
    this.canvas.style.pointerEvents = "none";
    this.getPane().append(this.canvas);
    map.on(MOVED, this.redraw, this);
    this.redraw();
  },
  onRemove(map) {
    map.off(MOVED, this.redraw, this);
    this.canvas.remove();
    this.canvas = null;
  },
  view() {
    const map = this._map;
    const shown = map.getSize();
    const beyond = shown.multiplyBy(this.options.spare).round();
    const corner = map.getPixelBounds().min.subtract(beyond);
    return {
      left: corner.x, top: corner.y, scale: 256 * 2 ** map.getZoom(), size: shown.add(beyond.multiplyBy(2)), beyond,
      zoom: map.getZoom(), big: enlarged(), ratio: window.devicePixelRatio || 1,
    };
  },
  // An empty sheet as large as the view, and the colours of the page.
  sheet({ size, beyond, ratio }) {
    L.DomUtil.setPosition(this.canvas, this._map.containerPointToLayerPoint(beyond.multiplyBy(-1)));
    this.canvas.width = size.x * ratio;
    this.canvas.height = size.y * ratio;
    this.canvas.style.width = `${size.x}px`;
    this.canvas.style.height = `${size.y}px`;
    const style = getComputedStyle(this.canvas);
    return [this.canvas.getContext("2d"), (name) => style.getPropertyValue(name).trim()];
  },
});

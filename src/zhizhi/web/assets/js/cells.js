// Thousands of grid cells, shaded by what is counted in them: all cells of one shade are one path.
import { CanvasLayer } from "./canvas_layer.js";
import { isInView, shapeOf, trace } from "./plane.js";

const SHADES = [0, 1, 3, 6]; // more cases than this: one shade darker
const NEAREST = 0.7; // pixels between two corners that are drawn
const shadeOf = (count) => SHADES.filter((limit) => count > limit).length;

export const CellLayer = CanvasLayer.extend({
  options: { pane: "cells", spare: 0.2 },
  initialize() {
    this.cells = [];
    this.counts = {};
    this.frame = null;
  },
  set(features) {
    this.cells = features.map(shapeOf);
    this.later();
  },
  count(counts) {
    const shades = ({ id }) => shadeOf(counts[id] ?? 0) !== this.shade(id);
    const isChanged = this.cells.some(shades);
    this.counts = counts;
    if (isChanged) this.later();
  },
  // Cells and their counts come one after the other: they are drawn together.
  later() {
    this.frame ??= requestAnimationFrame(() => { if (this.canvas) this.redraw(); });
  },
  shade(id) { return shadeOf(this.counts[id] ?? 0); },
  redraw() {
    cancelAnimationFrame(this.frame);
    this.frame = null;
    const view = this.view();
    const [c, colour] = this.sheet(view);
    const shaded = Array.from({ length: SHADES.length + 1 }, () => new Path2D());
    for (const { id, rings, box } of this.cells) {
      if (isInView(box, view)) trace(shaded[this.shade(id)], rings, view, NEAREST);
    }
    c.scale(view.ratio, view.ratio);
    c.lineWidth = 0.6;
    c.strokeStyle = colour("--grid");
    shaded.forEach((path, shade) => {
      c.fillStyle = colour(`--shade-${shade}`);
      c.fill(path, "evenodd");
    });
    shaded.forEach((path) => c.stroke(path));
  },
});

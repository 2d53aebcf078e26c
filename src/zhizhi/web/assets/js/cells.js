// Thousands of grid cells, shaded by what is counted in them. Each is a path of its own: one path of
// all cells of a shade takes five times as long to write down and three times as long to fill.
import { breathe } from "./page.js";
import { CanvasLayer } from "./canvas_layer.js";
import { isInView, shapeOf, trace } from "./plane.js";

const SHADES = [0, 1, 3, 6]; // more cases than this: one shade darker
const AT_ONCE = 500;
const NEAREST = 0.7; // pixels between two corners that are drawn
const shadeOf = (count) => SHADES.filter((limit) => count > limit).length;

export const CellLayer = CanvasLayer.extend({
  options: { pane: "cells", spare: 0.2 },
  initialize() {
    this.cells = [];
    this.counts = {};
    this.frame = null;
  },
  // In portions, between which keys and clicks are heard.
  async set(features) {
    const cells = [];
    this.coming = cells;
    for (let at = 0; at < features.length; at += AT_ONCE) {
      await breathe();
      if (this.coming !== cells) return; // others were set meanwhile
      cells.push(...features.slice(at, at + AT_ONCE).map(shapeOf));
    }
    this.cells = cells;
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
    const shaded = Array.from({ length: SHADES.length + 1 }, () => []);
    for (const { id, rings, box } of this.cells) {
      if (!isInView(box, view)) continue;
      const path = new Path2D();
      trace(path, rings, view, NEAREST);
      shaded[this.shade(id)].push(path);
    }
    c.scale(view.ratio, view.ratio);
    c.lineWidth = 0.6;
    c.strokeStyle = colour("--grid");
    shaded.forEach((paths, shade) => {
      c.fillStyle = colour(`--shade-${shade}`);
      paths.forEach((path) => c.fill(path, "evenodd"));
    });
    shaded.flat().forEach((path) => c.stroke(path));
  },
});

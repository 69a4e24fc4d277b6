/* Unpacks what maps/packing.py packed, and draws it: many lines, areas or dots as one Leaflet path. */
"use strict";
const LC = {};
{
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const DIGIT = new Uint8Array(128);
  for (let i = 0; i < 64; i++) DIGIT[LETTERS.charCodeAt(i)] = i;
  const SCALE = 100000;

  LC.naturals = (text) => {
    let n = 0;
    for (let i = 0; i < text.length; i++) if (DIGIT[text.charCodeAt(i)] < 32) n++;
    const out = new Float64Array(n);
    let value = 0, unit = 1, at = 0;
    for (let i = 0; i < text.length; i++) {
      const digit = DIGIT[text.charCodeAt(i)];
      value += (digit & 31) * unit;
      if (digit < 32) { out[at++] = value; value = 0; unit = 1; } else unit *= 32;
    }
    return out;
  };
  LC.integers = (text) => {
    const out = LC.naturals(text);
    for (let i = 0; i < out.length; i++) out[i] = out[i] % 2 ? -(out[i] + 1) / 2 : out[i] / 2;
    return out;
  };
  /* none → NaN */
  LC.optional = (text) => {
    const out = LC.naturals(text);
    for (let i = 0; i < out.length; i++) out[i] = out[i] === 0 ? NaN : out[i] - 1;
    return out;
  };
  LC.codes = (text) => {
    const out = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) out[i] = DIGIT[text.charCodeAt(i)];
    return out;
  };
  /* whole steps, x y x y …, each from the one before (or from `origin`) */
  LC.steps = (text, origin) => {
    const out = LC.integers(text);
    for (let i = 0; i < out.length; i++) {
      if (origin) out[i] += origin[i];
      else if (i > 1) out[i] += out[i - 2];
    }
    return out;
  };
  LC.lonlat = (steps, i) => [steps[2 * i] / SCALE, steps[2 * i + 1] / SCALE];
  LC.latlng = (steps, i) => L.latLng(steps[2 * i + 1] / SCALE, steps[2 * i] / SCALE);

  /* steps → Web Mercator on a square of side 1, as Leaflet's EPSG:3857 has it at zoom 0 / 256 */
  const mercator = (steps) => {
    const out = new Float64Array(steps.length);
    const limit = 85.0511287798;
    for (let i = 0; i < steps.length; i += 2) {
      const lat = Math.max(-limit, Math.min(limit, steps[i + 1] / SCALE)) * Math.PI / 180;
      out[i] = steps[i] / SCALE / 360 + 0.5;
      out[i + 1] = 0.5 - Math.log(Math.tan(Math.PI / 4 + lat / 2)) / (2 * Math.PI);
    }
    return out;
  };
  const boundsOf = (xy, from, to) => {
    let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
    for (let i = from; i < to; i++) {
      const x = xy[2 * i], y = xy[2 * i + 1];
      if (x < x0) x0 = x;
      if (x > x1) x1 = x;
      if (y < y0) y0 = y;
      if (y > y1) y1 = y;
    }
    return [x0, y0, x1, y1];
  };

  LC.shapes = (packed) => {
    const counts = LC.naturals(packed.counts);
    const xy = mercator(LC.steps(packed.steps));
    const start = new Uint32Array(counts.length + 1);
    for (let i = 0; i < counts.length; i++) start[i + 1] = start[i] + counts[i];
    const perFeature = packed.parts ? LC.naturals(packed.parts) : null;
    const n = perFeature ? perFeature.length : counts.length;
    const first = new Uint32Array(n + 1);
    for (let i = 0; i < n; i++) first[i + 1] = first[i] + (perFeature ? perFeature[i] : 1);
    const box = new Float64Array(4 * n);
    for (let i = 0; i < n; i++) box.set(boundsOf(xy, start[first[i]], start[first[i + 1]]), 4 * i);
    return { n, xy, start, first, box };
  };

  /* Common to all four: drawn by Leaflet's canvas, which asks for the redraw, straight from arrays. */
  const Packed = L.Path.extend({
    getBounds() { return this._map ? this._map.getBounds() : L.latLngBounds([]); },
    redraw() { if (this._map && this._renderer) { this._project(); this._renderer._requestRedraw(this); } return this; },
    _project() {
      const renderer = this._renderer;
      if (renderer && renderer._bounds) this._pxBounds = renderer._bounds;
    },
    _update() { this._project(); },
    _empty() { return false; },
    /* scale and offset from the unit square to layer points, and the drawn part of the unit square */
    _frame(margin) {
      const map = this._map, size = 256 * Math.pow(2, map.getZoom());
      const origin = map.getPixelOrigin(), seen = this._renderer._bounds;
      return {
        size, dx: -origin.x, dy: -origin.y,
        x0: (seen.min.x + origin.x - margin) / size, x1: (seen.max.x + origin.x + margin) / size,
        y0: (seen.min.y + origin.y - margin) / size, y1: (seen.max.y + origin.y + margin) / size,
      };
    },
  });

  LC.mercator = mercator;

  /* Whatever `paint(ctx, frame, zoom)` draws; `hitOf(point, frame, zoom)` gives the number of what lies there, or -1. */
  LC.Painter = Packed.extend({
    initialize(paint, hitOf, options) {
      L.setOptions(this, options);
      this.paint = paint;
      this.hitOf = hitOf;
    },
    _updatePath() {
      const renderer = this._renderer;
      if (!renderer._drawing) return;
      renderer._ctx.save();
      renderer._ctx.globalAlpha = 1;
      this.paint(renderer._ctx, this._frame(60), this._map.getZoom());
      renderer._ctx.restore();
    },
    _containsPoint(point) {
      this.hit = this.hitOf ? this.hitOf(point, this._frame(60), this._map.getZoom()) : -1;
      return this.hit >= 0;
    },
  });

  /* Lines or areas by class. `styleOf(classNumber, zoom)` gives {color, weight, dash, fill, alpha} or null. */
  LC.Shapes = Packed.extend({
    initialize(shapes, classes, nClasses, styleOf, options) {
      L.setOptions(this, options);
      this.shapes = shapes;
      this.styleOf = styleOf;
      this.setClasses(classes, nClasses);
    },
    setClasses(classes, nClasses) {
      this.members = Array.from({ length: nClasses }, () => []);
      for (let i = 0; i < this.shapes.n; i++) {
        const list = this.members[classes ? classes[i] : 0];
        if (list) list.push(i);
      }
      return this;
    },
    _updatePath() {
      const renderer = this._renderer;
      if (!renderer._drawing) return;
      const ctx = renderer._ctx, frame = this._frame(8), zoom = this._map.getZoom();
      const { xy, start, first, box } = this.shapes;
      const { size, dx, dy } = frame;
      ctx.save();
      ctx.lineCap = "round";
      ctx.lineJoin = "round";
      for (let k = 0; k < this.members.length; k++) {
        const style = this.styleOf(k, zoom);
        if (!style) continue;
        ctx.globalAlpha = style.alpha === undefined ? 1 : style.alpha;
        ctx.strokeStyle = style.color || "#000";
        ctx.lineWidth = style.weight || 0;
        ctx.setLineDash(style.dash || []);
        if (style.fill) ctx.fillStyle = style.fill;
        let pending = 0;
        ctx.beginPath();
        for (const i of this.members[k]) {
          const b = 4 * i;
          if (box[b] > frame.x1 || box[b + 2] < frame.x0 || box[b + 1] > frame.y1 || box[b + 3] < frame.y0) continue;
          for (let p = first[i]; p < first[i + 1]; p++) {
            let v = 2 * start[p];
            const end = 2 * start[p + 1];
            ctx.moveTo(xy[v] * size + dx, xy[v + 1] * size + dy);
            for (v += 2; v < end; v += 2) ctx.lineTo(xy[v] * size + dx, xy[v + 1] * size + dy);
          }
          if (style.fill) {
            ctx.fill("evenodd");
            if (style.weight) ctx.stroke();
            ctx.beginPath();
          } else if (++pending === 400) {
            ctx.stroke();
            ctx.beginPath();
            pending = 0;
          }
        }
        if (pending) ctx.stroke();
      }
      ctx.restore();
    },
    _containsPoint() { return false; },
  });

  /* Dots. `dotOf(i, zoom)` gives a radius in pixels, or 0; `styleOf(zoom)` {fill, halo, haloWidth, alpha}. */
  LC.Dots = Packed.extend({
    initialize(steps, dotOf, styleOf, options) {
      L.setOptions(this, options);
      this.xy = mercator(steps);
      this.n = steps.length / 2;
      this.dotOf = dotOf;
      this.styleOf = styleOf;
    },
    _updatePath() {
      const renderer = this._renderer;
      if (!renderer._drawing) return;
      const zoom = this._map.getZoom(), style = this.styleOf(zoom);
      if (!style) return;
      const ctx = renderer._ctx, frame = this._frame(16), xy = this.xy;
      const { size, dx, dy } = frame;
      const TURN = 2 * Math.PI;
      ctx.save();
      ctx.globalAlpha = style.alpha === undefined ? 1 : style.alpha;
      for (const halo of style.haloWidth ? [true, false] : [false]) {
        ctx.fillStyle = halo ? style.halo : style.fill;
        const extra = halo ? style.haloWidth : 0;
        let pending = 0;
        ctx.beginPath();
        for (let i = 0; i < this.n; i++) {
          const x = xy[2 * i], y = xy[2 * i + 1];
          if (x < frame.x0 || x > frame.x1 || y < frame.y0 || y > frame.y1) continue;
          const radius = this.dotOf(i, zoom);
          if (!radius) continue;
          const px = x * size + dx, py = y * size + dy, r = radius + extra;
          if (style.square) ctx.rect(px - r, py - r, 2 * r, 2 * r);
          else if (r < 1.3) ctx.rect(px - r, py - r, 2 * r, 2 * r);
          else { ctx.moveTo(px + r, py); ctx.arc(px, py, r, 0, TURN); }
          if (++pending === 400) { ctx.fill(); ctx.beginPath(); pending = 0; }
        }
        if (pending) ctx.fill();
      }
      ctx.restore();
    },
    /* the topmost dot under the pointer is kept in `hit` */
    _containsPoint(point) {
      const zoom = this._map.getZoom();
      if (!this.styleOf(zoom) || (this.options.hitZoom && zoom < this.options.hitZoom)) return false;
      const { size, dx, dy } = this._frame(0), slack = L.Browser.mobile ? 8 : 3;
      let best = Infinity, hit = -1;
      for (let i = 0; i < this.n; i++) {
        const px = this.xy[2 * i] * size + dx - point.x;
        if (px > 30 || px < -30) continue;
        const py = this.xy[2 * i + 1] * size + dy - point.y;
        const far = px * px + py * py;
        if (far >= best) continue;
        const radius = this.dotOf(i, zoom);
        if (radius && far <= (radius + slack) * (radius + slack)) { best = far; hit = i; }
      }
      this.hit = hit;
      return hit >= 0;
    },
  });
}

"use strict";

// The map of codes on a canvas: the images themselves as points, out of one atlas.

const smallestView = 0.5;
const largestView = 400;
/** Milliseconds that a complete redraw may take while the map moves. */
const frameBudget = 14;

class LatentMap {
  constructor(canvas, data, atlas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.data = data;
    this.sheets = { light: null, dark: null };
    this.atlas = atlas;
    this.shown = data.classes.map(() => true);
    this.cursor = null;
    this.cost = 0;
    this.snapshot = document.createElement("canvas");
    this.dark = window.matchMedia("(prefers-color-scheme: dark)");
    this.dark.addEventListener("change", () => this.draw());
    new ResizeObserver(() => this.resize()).observe(canvas);
  }

  /** Shows another map, fitted to the view. */
  choose(map) {
    this.points = map.points;
    this.faint = map.faint;
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i < this.points.length; i += 2) {
      left = Math.min(left, this.points[i]);
      right = Math.max(right, this.points[i]);
      top = Math.min(top, this.points[i + 1]);
      bottom = Math.max(bottom, this.points[i + 1]);
    }
    this.bounds = { left, right, top, bottom, span: Math.max(right - left, bottom - top) || 1 };
    this.buildGrid();
    this.reset();
  }

  reset() {
    const { left, right, top, bottom } = this.bounds;
    this.centre = [(left + right) / 2, (top + bottom) / 2];
    this.zoom = 1;
    this.resize();
  }

  resize() {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const { clientWidth, clientHeight } = this.canvas;
    if (!clientWidth || !this.bounds) return;
    this.canvas.width = Math.round(clientWidth * ratio);
    this.canvas.height = Math.round(clientHeight * ratio);
    this.ratio = ratio;
    this.draw();
  }

  /** Pixels of the canvas per unit of the map. */
  get scale() {
    return (Math.min(this.canvas.width, this.canvas.height) * 0.93 * this.zoom) / this.bounds.span;
  }

  /** Side of a point's image in pixels of the canvas. */
  get side() {
    const room = (this.scale * this.bounds.span) / Math.sqrt(this.points.length / 2);
    return Math.min(Math.max(room * 0.95, 7 * this.ratio), 64 * this.ratio);
  }

  toScreen(x, y) {
    return [
      this.canvas.width / 2 + (x - this.centre[0]) * this.scale,
      this.canvas.height / 2 - (y - this.centre[1]) * this.scale,
    ];
  }

  /** The position on the map of a position on the page, in CSS pixels from the canvas's corner. */
  toMap(x, y) {
    return [
      this.centre[0] + (x * this.ratio - this.canvas.width / 2) / this.scale,
      this.centre[1] - (y * this.ratio - this.canvas.height / 2) / this.scale,
    ];
  }

  /** Moves by CSS pixels. */
  pan(dx, dy) {
    this.centre[0] -= (dx * this.ratio) / this.scale;
    this.centre[1] += (dy * this.ratio) / this.scale;
    this.schedule();
  }

  /** Zooms around a position that stays where it is. */
  zoomAt(factor, x, y) {
    const before = this.toMap(x, y);
    this.zoom = Math.min(Math.max(this.zoom * factor, smallestView), largestView);
    const after = this.toMap(x, y);
    this.centre[0] += before[0] - after[0];
    this.centre[1] += before[1] - after[1];
    this.schedule();
  }

  // Nearest points are found with a grid of cells, each with the points in it.
  buildGrid() {
    const cells = (this.cells = Math.max(1, Math.round(Math.sqrt(this.points.length / 8))));
    const lists = (this.lists = Array.from({ length: cells * cells }, () => []));
    for (let i = 0; i < this.points.length / 2; i++) {
      lists[this.cell(this.points[2 * i + 1], 1) * cells + this.cell(this.points[2 * i], 0)].push(i);
    }
  }

  cell(value, axis) {
    const from = axis ? this.bounds.top : this.bounds.left;
    const place = Math.floor(((value - from) / this.bounds.span) * this.cells);
    return Math.min(Math.max(place, 0), this.cells - 1);
  }

  isShown(index) {
    return !this.data.labels || this.shown[this.data.labels[index]];
  }

  /** The `count` shown points nearest to a place, nearest first, with squared distances. */
  nearest(x, y, count) {
    const [column, row] = [this.cell(x, 0), this.cell(y, 1)];
    const size = this.bounds.span / this.cells;
    let found = [];
    for (let ring = 0; ring < this.cells; ring++) {
      for (let r = row - ring; r <= row + ring; r++) {
        for (let c = column - ring; c <= column + ring; c++) {
          if (Math.max(Math.abs(r - row), Math.abs(c - column)) !== ring) continue;
          if (r < 0 || c < 0 || r >= this.cells || c >= this.cells) continue;
          for (const index of this.lists[r * this.cells + c]) {
            if (!this.isShown(index)) continue;
            const [dx, dy] = [this.points[2 * index] - x, this.points[2 * index + 1] - y];
            found.push({ index, distance: dx * dx + dy * dy });
          }
        }
      }
      // What lies further out is at least `ring` cells away, unless the place is outside of the grid.
      if (found.length >= count) {
        found.sort((a, b) => a.distance - b.distance);
        found = found.slice(0, count);
        if (found[count - 1].distance <= (ring * size) ** 2) break;
      }
    }
    return found.sort((a, b) => a.distance - b.distance).slice(0, count);
  }

  /** The atlas in the colours of classes; brightness of gray images becomes opacity. */
  sheet() {
    const theme = this.dark.matches ? "dark" : "light";
    if (this.sheets[theme]) return this.sheets[theme];
    const { image, labels, palette } = this.data;
    const sheet = document.createElement("canvas");
    [sheet.width, sheet.height] = [this.atlas.width, this.atlas.height];
    const context = sheet.getContext("2d", { willReadFrequently: true });
    context.drawImage(this.atlas, 0, 0);
    if (image.channels === 1) {
      const colours = palette[theme].map((hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)));
      const neutral = theme === "dark" ? [230, 237, 243] : [31, 35, 40];
      const pixels = context.getImageData(0, 0, sheet.width, sheet.height);
      const values = pixels.data;
      for (let y = 0; y < sheet.height; y++) {
        const row = Math.floor(y / image.height) * this.data.columns;
        for (let x = 0; x < sheet.width; x++) {
          const index = row + Math.floor(x / image.width);
          const place = 4 * (y * sheet.width + x);
          if (index >= this.data.count) {
            values[place + 3] = 0;
            continue;
          }
          const colour = labels ? colours[labels[index] % colours.length] : neutral;
          values[place + 3] = values[place];
          [values[place], values[place + 1], values[place + 2]] = colour;
        }
      }
      context.putImageData(pixels, 0, 0);
    }
    return (this.sheets[theme] = sheet);
  }

  /** The sheet with images `wide` × `high` pixels large: copying costs far less than scaling each. */
  scaledSheet(wide, high) {
    const sheet = this.sheet();
    if (this.scaled && this.scaled.of === sheet && this.scaled.wide === wide) return this.scaled.canvas;
    const canvas = document.createElement("canvas");
    const { width, height } = this.data.image;
    [canvas.width, canvas.height] = [(sheet.width / width) * wide, (sheet.height / height) * high];
    canvas.getContext("2d").drawImage(sheet, 0, 0, canvas.width, canvas.height);
    this.scaled = { canvas, of: sheet, wide };
    return canvas;
  }

  /** Draws before the next frame; if drawing takes too long, a shifted copy of the last one stands in. */
  schedule() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      if (this.cost <= frameBudget) return this.draw();
      this.drawSnapshot();
      clearTimeout(this.settling);
      this.settling = setTimeout(() => this.draw(), 90);
    });
  }

  drawSnapshot() {
    const { context, canvas, drawn } = this;
    const factor = this.scale / drawn.scale;
    const [x, y] = this.toScreen(...drawn.centre);
    this.clear();
    const [width, height] = [canvas.width * factor, canvas.height * factor];
    context.drawImage(this.snapshot, x - width / 2, y - height / 2, width, height);
    this.drawCursor();
  }

  clear() {
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  draw() {
    if (!this.points || !this.canvas.width) return;
    const began = performance.now();
    const { context, canvas, points, data } = this;
    const { width, height, channels } = data.image;
    const side = this.side;
    const longest = Math.max(width, height);
    const [wide, high] = [width, height].map((size) => Math.max(1, Math.round((side * size) / longest)));
    // Images that are not enlarged are copied; there are many of them.
    const isSmall = side <= longest;
    const sheet = isSmall ? this.scaledSheet(wide, high) : this.sheet();
    const [cellWide, cellHigh] = isSmall ? [wide, high] : [width, height];
    this.clear();
    context.imageSmoothingEnabled = side < 2 * longest;
    const colours = data.palette[this.dark.matches ? "dark" : "light"];
    const frame = Math.max(1, Math.round(side / 16));
    for (const faint of [true, false]) {
      context.globalAlpha = faint ? 0.3 : 1;
      for (let i = 0; i < points.length / 2; i++) {
        if (Boolean(this.faint && this.faint[i]) !== faint || !this.isShown(i)) continue;
        const [x, y] = this.toScreen(points[2 * i], points[2 * i + 1]);
        if (x < -wide || y < -high || x > canvas.width + wide || y > canvas.height + high) continue;
        const [left, top] = [Math.round(x - wide / 2), Math.round(y - high / 2)];
        const [column, row] = [i % data.columns, Math.floor(i / data.columns)];
        if (channels === 3 && data.labels) {
          context.fillStyle = colours[data.labels[i] % colours.length];
          context.fillRect(left - frame, top - frame, wide + 2 * frame, high + 2 * frame);
        }
        context.drawImage(
          sheet, column * cellWide, row * cellHigh, cellWide, cellHigh, left, top, wide, high);
      }
    }
    context.globalAlpha = 1;
    this.cost = performance.now() - began;
    if (this.cost > frameBudget) {
      [this.snapshot.width, this.snapshot.height] = [canvas.width, canvas.height];
      this.snapshot.getContext("2d").drawImage(canvas, 0, 0);
      this.drawn = { scale: this.scale, centre: [...this.centre] };
    }
    this.drawCursor();
  }

  /** A ring at the decoder's position. */
  drawCursor() {
    if (!this.cursor) return;
    const { context, ratio } = this;
    const [x, y] = this.toScreen(...this.cursor);
    const style = getComputedStyle(this.canvas);
    for (const [width, colour] of [[6, style.backgroundColor], [2.5, style.color]]) {
      context.beginPath();
      context.arc(x, y, 12 * ratio, 0, 2 * Math.PI);
      context.lineWidth = width * ratio;
      context.strokeStyle = colour;
      context.stroke();
    }
  }

  /** Whether a position of the page is on the ring. */
  isOnCursor(x, y) {
    if (!this.cursor) return false;
    const [cx, cy] = this.toScreen(...this.cursor);
    return Math.hypot(cx - x * this.ratio, cy - y * this.ratio) < 18 * this.ratio;
  }
}

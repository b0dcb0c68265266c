"use strict";

// Everything from a folder enters the page as text or as the value of an attribute, never as markup.

/** An element with attributes and children; `on…` are listeners, a true attribute is empty. */
function element(name, attributes = {}, ...children) {
  const svg = ["svg", "path", "line", "text", "circle", "rect", "g"].includes(name);
  const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined).map((child) => child));
  return made;
}

/** Figures as the program prints them. */
const format = {
  count: (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ","),
  loss(value) {
    if (value === null || value === undefined) return "–";
    if (typeof value !== "number") return String(value);
    if (value === 0) return "0.0";
    const whole = Math.floor(Math.log10(Math.abs(value))) + 1;
    return value.toFixed(Math.min(Math.max(5 - whole, 1), 8));
  },
  metric: (name, value) =>
    name === "accuracy" && typeof value === "number" ? `${(100 * value).toFixed(2)} %` : format.loss(value),
  time(seconds) {
    if (typeof seconds !== "number") return "–";
    if (seconds < 60) return `${seconds.toFixed(1)} s`;
    const whole = Math.round(seconds);
    const two = (value) => String(value).padStart(2, "0");
    const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
  },
  /** In the reader's time zone, in sortable order. */
  date(text) {
    const date = new Date(text ?? NaN);
    if (Number.isNaN(date.getTime())) return "–";
    const two = (value) => String(value).padStart(2, "0");
    return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
  },
  title: (name) => ({ elbo: "ELBO", kl_divergence: "KL divergence", log_likelihood: "log-likelihood" })[name] ?? name.replaceAll("_", " "),
};

/** What states mean. */
const meanings = {
  training: "a process of this machine trains it now",
  running: "not finished, and no process of this machine holds it: it was killed, or trains on another machine or in another container",
  interrupted: "stopped; can be resumed",
  finished: "all epochs are done",
  "stopped-early": "patience ran out",
  failed: "a value was not finite",
  imported: "weights without a history",
  "half-written": "files are missing: just starting, or being copied",
  damaged: "a file cannot be read",
  deleted: "no longer in the folder",
  reading: "its files are not read yet",
  searching: "a process of this machine trains its trials now",
};

function stateMark(state) {
  return element("span", { class: `state ${state}`, title: meanings[state] ?? "" }, state.replaceAll("-", " "));
}

/** An axis: maps values to shares of its length, with ticks. */
class Scale {
  constructor(values, logarithmic, whole = false) {
    const finite = values.filter((value) => Number.isFinite(value) && (!logarithmic || value > 0));
    let [low, high] = finite.length ? finite.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]) : [0, 1];
    this.logarithmic = logarithmic;
    this.whole = whole;
    this.low = this.map(low);
    this.high = this.map(high);
    if (this.high - this.low < 1e-12 * Math.max(1, Math.abs(this.high))) {
      const room = logarithmic ? 0.15 : whole ? 1 : Math.abs(low) * 0.1 || 1;
      this.low -= whole ? 0 : room;
      this.high += room;
    } else if (!whole) {
      const room = (this.high - this.low) * 0.04;
      this.low -= room;
      this.high += room;
    }
  }
  map(value) { return this.logarithmic ? Math.log10(value) : value; }
  share(value) {
    const place = (this.map(value) - this.low) / (this.high - this.low);
    return Number.isFinite(place) ? place : null;
  }
  ticks(most) {
    if (this.logarithmic) {
      const inside = (digits) => digits.flatMap((digit) => this.decades().map((k) => digit * 10 ** k)).sort((a, b) => a - b)
        .filter((v) => this.map(v) >= this.low && this.map(v) <= this.high);
      const coarse = inside([1, 2, 5]);
      const fine = coarse.length < 4 ? inside([1, 1.5, 2, 3, 4, 5, 7]) : coarse;
      const found = fine.length > most ? fine.filter((v) => Math.abs(Math.log10(v) - Math.round(Math.log10(v))) < 1e-9) : fine;
      if (found.length >= 2) return found.map((v) => ({ value: v, label: Scale.label(v) }));
    }
    const [low, high] = this.logarithmic ? [10 ** this.low, 10 ** this.high] : [this.low, this.high];
    const rough = (high - low) / Math.max(1, most);
    const power = 10 ** Math.floor(Math.log10(rough));
    let step = [1, 2, 5, 10].map((digit) => digit * power).find((s) => s >= rough) ?? power * 10;
    if (this.whole) step = Math.max(1, Math.round(step));
    const found = [];
    for (let n = Math.ceil(low / step); n * step <= high * (1 + 1e-12) && found.length < 50; n++) found.push(n * step);
    const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    return found.map((v) => ({ value: v, label: places > 6 ? v.toExponential(1) : v.toFixed(places) }));
  }
  decades() {
    const list = [];
    for (let k = Math.floor(this.low) - 1; k <= Math.ceil(this.high); k++) list.push(k);
    return list;
  }
  static label(value) { return value >= 1e5 || value < 1e-4 ? value.toExponential(0) : String(Number(value.toPrecision(2))); }
}

/** Curves over epochs; an epoch's figures are shown under the pointer or with the arrow keys. */
class LineChart {
  constructor(label) {
    this.svg = element("svg", { role: "img", tabindex: "0", "aria-label": label });
    this.tip = element("div", { class: "tip", hidden: true, role: "status" });
    this.legend = element("ul", { class: "legend" });
    this.frame = element("div", { class: "chart" }, this.svg, this.tip);
    this.root = element("div", {}, this.frame, this.legend);
    this.series = [];
    this.svg.addEventListener("pointermove", (event) => this.point(event));
    this.svg.addEventListener("pointerleave", () => this.show(null));
    this.svg.addEventListener("blur", () => this.show(null));
    this.svg.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(this.frame);
  }

  /** Series: `{ name, colour, dashed, moving, points: [[x, y], …] }`; unchanged data are not redrawn. */
  update(series, { logarithmic, unit, metric = "loss" }) {
    const text = JSON.stringify([series, logarithmic, unit, metric]);
    if (text === this.text) return;
    Object.assign(this, { text, series, logarithmic, unit, metric });
    this.legend.replaceChildren(...series.map((one) =>
      element("li", { class: `s${one.colour}` }, element("span", { class: one.dashed ? "swatch dashed" : "swatch" }), one.name)));
    this.draw();
  }

  draw() {
    const width = Math.max(280, Math.round(this.frame.clientWidth || 800));
    const height = width < 560 ? 260 : 360;
    const points = this.series.flatMap((one) => one.points);
    const y = new Scale(points.map((p) => p[1]), this.logarithmic);
    const x = new Scale(points.map((p) => p[0]), false, true);
    const [left, right, top, bottom] = [62, 14, 26, 34];
    const [w, h] = [width - left - right, height - top - bottom];
    this.toX = (value) => left + (x.share(value) ?? 0) * w;
    this.toY = (value) => { const share = y.share(value); return share === null ? null : top + (1 - share) * h; };
    const parts = [];
    const line = (x1, y1, x2, y2, kind) => element("line", { x1, y1, x2, y2, class: kind });
    const text = (words, at, kind, anchor) => element("text", { x: at[0], y: at[1], class: kind ?? "", "text-anchor": anchor ?? "start" }, words);
    for (const tick of y.ticks(height < 300 ? 5 : 7)) {
      const place = Math.round(this.toY(tick.value)) + 0.5;
      parts.push(line(left, place, width - right, place, "grid"), text(tick.label, [left - 8, place + 4], "", "end"));
    }
    for (const tick of x.ticks(Math.min(10, w / 60))) {
      const place = Math.round(this.toX(tick.value)) + 0.5;
      parts.push(line(place, height - bottom, place, height - bottom + 5, "axis"), text(tick.label, [place, height - bottom + 18], "", "middle"));
    }
    parts.push(line(left, height - bottom + 0.5, width - right, height - bottom + 0.5, "axis"));
    parts.push(text(this.unit ?? "", [4, 14], "title"), text("epoch", [width - right, height - 2], "title", "end"));
    for (const one of this.series) {
      const places = one.points.map(([a, b]) => [this.toX(a), this.toY(b)]).filter((p) => p[1] !== null);
      if (!places.length) continue;
      const colour = `s${one.colour}`;
      const path = places.map((p, i) => `${i ? "L" : "M"}${p[0].toFixed(1)} ${p[1].toFixed(1)}`).join("");
      parts.push(element("path", { d: path, class: `curve ${colour}${one.dashed ? " dashed" : ""}` }));
      const last = places[places.length - 1];
      if (!one.dashed || places.length === 1) {
        parts.push(element("circle", { cx: last[0], cy: last[1], r: 3.5, class: `dot ${colour}${one.moving ? " moving" : ""}` }));
      }
    }
    this.cursor = element("g");
    if (!points.length) parts.push(text("no epoch is done yet", [width / 2, height / 2], "", "middle"));
    Object.assign(this, { width, height, top, bottom, left });
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.setAttribute("height", height);
    this.svg.replaceChildren(...parts, this.cursor);
    if (this.shown !== undefined && this.shown !== null) this.show(this.shown);
  }

  get epochs() {
    return [...new Set(this.series.flatMap((one) => one.points.map((p) => p[0])))].sort((a, b) => a - b);
  }

  point(event) {
    const box = this.svg.getBoundingClientRect();
    const at = (event.clientX - box.left) * (this.width / box.width);
    let best = null;
    for (const epoch of this.epochs) {
      if (best === null || Math.abs(this.toX(epoch) - at) < Math.abs(this.toX(best) - at)) best = epoch;
    }
    this.show(best);
  }

  key(event) {
    const epochs = this.epochs;
    if (!epochs.length || !["ArrowLeft", "ArrowRight", "Home", "End", "Escape"].includes(event.key)) return;
    event.preventDefault();
    if (event.key === "Escape") return this.show(null);
    const place = this.shown === null || this.shown === undefined ? epochs.length - 1 : epochs.indexOf(this.shown);
    const next = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: epochs.length - 1 }[event.key];
    this.show(epochs[Math.min(Math.max(next, 0), epochs.length - 1)]);
  }

  show(epoch) {
    this.shown = epoch;
    this.tip.hidden = epoch === null;
    this.cursor.replaceChildren();
    if (epoch === null) return;
    const x = Math.round(this.toX(epoch)) + 0.5;
    this.cursor.append(element("line", { x1: x, x2: x, y1: this.top, y2: this.height - this.bottom, class: "cursor" }));
    const rows = [];
    for (const one of this.series) {
      const found = one.points.find((p) => p[0] === epoch);
      if (!found) continue;
      const y = this.toY(found[1]);
      if (y !== null) this.cursor.append(element("circle", { cx: x, cy: y, r: 4, class: `dot s${one.colour}` }));
      rows.push(element("tr", { class: `s${one.colour}` },
        element("td", {}, element("span", { class: one.dashed ? "swatch dashed" : "swatch" }), one.name),
        element("td", { class: "number" }, format.metric(this.metric, found[1]))));
    }
    this.tip.replaceChildren(element("strong", {}, `epoch ${epoch}`), element("table", {}, element("tbody", {}, ...rows)));
    const ratio = this.frame.clientWidth / this.width;
    const room = this.frame.clientWidth - this.tip.offsetWidth;
    const wanted = x * ratio + 14 > room ? x * ratio - this.tip.offsetWidth - 14 : x * ratio + 14;
    this.tip.style.left = `${Math.max(0, Math.min(wanted, room))}px`;
    this.tip.style.top = `${this.top + 4}px`;
  }
}

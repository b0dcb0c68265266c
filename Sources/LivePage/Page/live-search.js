"use strict";

/** A setting of a trial as text; keys are in snake case in JSON. */
function setting(trial, key) {
  const value = trial.settings[key.replaceAll("-", "_")];
  return Array.isArray(value) ? value.join(",") : value === undefined || value === null ? "" : String(value);
}

/** Trials as lines across vertical axes, the last one their loss; ranges selected on the axes filter them. */
class ParallelChart {
  constructor(changed) {
    this.changed = changed;
    this.svg = element("svg", { role: "img", "aria-label": "Trials as lines over their settings; good ones end at the top of the last axis" });
    this.frame = element("div", { class: "chart parallel" }, this.svg);
    this.root = element("div", { class: "scroll" }, this.frame);
    this.ranges = new Map();
    this.trials = [];
    new ResizeObserver(() => this.draw()).observe(this.frame);
  }

  update(keys, trials) {
    const text = JSON.stringify([keys, trials]);
    if (text === this.text) return;
    Object.assign(this, { text, keys, trials: trials.filter((trial) => Number.isFinite(trial.validation_loss)) });
    this.draw();
  }

  /** Whether a trial lies in all selected ranges. */
  holds(trial) {
    return [...this.ranges].every(([name, [low, high]]) => {
      const axis = this.axes?.find((one) => one.name === name);
      const share = axis?.share(trial);
      return share !== null && share !== undefined && share >= low && share <= high;
    });
  }

  makeAxes() {
    const axes = this.keys.map((key) => {
      const distinct = [...new Set(this.trials.map((trial) => setting(trial, key)))].filter(Boolean);
      const numbers = distinct.map(Number);
      if (distinct.length > 12 && numbers.every(Number.isFinite)) {
        const scale = new Scale(numbers, Math.min(...numbers) > 0 && Math.max(...numbers) > 20 * Math.min(...numbers));
        return { name: key, title: key, share: (trial) => scale.share(Number(setting(trial, key))), ticks: scale.ticks(6).map((t) => [scale.share(t.value), t.label]) };
      }
      distinct.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
      if (numbers.every(Number.isFinite)) distinct.sort((a, b) => Number(a) - Number(b));
      const share = (word) => { const place = distinct.indexOf(word); return place < 0 ? null : (place + 0.5) / distinct.length; };
      return { name: key, title: key, share: (trial) => share(setting(trial, key)), ticks: distinct.map((word) => [share(word), word]) };
    });
    const losses = this.trials.map((trial) => trial.validation_loss);
    const scale = new Scale(losses, Math.min(...losses) > 0 && Math.max(...losses) > 3 * Math.min(...losses));
    // The best are at the top.
    axes.push({ name: "", title: "validation loss", share: (trial) => 1 - scale.share(trial.validation_loss),
      ticks: scale.ticks(6).map((t) => [1 - scale.share(t.value), t.label]) });
    return axes;
  }

  draw() {
    if (!this.keys) return;
    const width = Math.max(540, Math.round(this.frame.clientWidth || 800));
    const height = 380;
    const [left, right, top, bottom] = [24, 70, 40, 16];
    const h = height - top - bottom;
    this.axes = this.makeAxes();
    const gap = (width - left - right) / Math.max(1, this.axes.length - 1);
    const x = (place) => Math.round(left + place * gap) + 0.5;
    const y = (share) => top + (1 - share) * h;
    const parts = [];
    this.lines = new Map();
    const best = this.trials[0];
    const order = [...this.trials].reverse();
    order.forEach((trial) => {
      let path = "";
      let isOpen = false;
      this.axes.forEach((axis, place) => {
        const share = axis.share(trial);
        if (share === null) { isOpen = false; return; }
        path += `${isOpen ? "L" : "M"}${x(place)} ${y(share).toFixed(1)}`;
        isOpen = true;
      });
      const level = Math.round(8 * Math.min(Math.max(this.axes[this.axes.length - 1].share(trial) ?? 0, 0), 1));
      const line = element("path", { d: path, class: "" });
      line.base = `trial l${level}${trial === best ? " best" : ""}`;
      line.append(element("title"));
      line.addEventListener("pointerenter", () => this.light(trial.number));
      line.addEventListener("pointerleave", () => this.light(null));
      this.lines.set(trial.number, { line, trial });
      parts.push(line);
    });
    this.axes.forEach((axis, place) => {
      parts.push(element("line", { x1: x(place), x2: x(place), y1: top, y2: top + h, class: "axis" }));
      const last = place === this.axes.length - 1;
      const anchor = place === 0 ? "start" : last ? "end" : "middle";
      parts.push(element("text", { x: place === 0 ? 4 : last ? width - 4 : x(place), y: place % 2 ? 14 : 28, class: "title", "text-anchor": anchor }, axis.title));
      const every = Math.max(1, Math.ceil((axis.ticks.length * 14) / h));
      axis.ticks.forEach(([share, label], number) => {
        if (number % every || share === null) return;
        parts.push(element("line", { x1: x(place) - 3, x2: x(place) + 3, y1: y(share), y2: y(share), class: "axis" }));
        parts.push(element("text", { x: x(place) + 7, y: y(share) + 4 }, label.length > 14 ? `${label.slice(0, 13)}…` : label));
      });
      parts.push(this.brush(axis, x(place), top, h));
    });
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.setAttribute("height", height);
    this.svg.replaceChildren(...parts);
    this.mark();
  }

  brush(axis, x, top, h) {
    const box = element("rect", { x: x - 6, width: 12, class: "brush" });
    const zone = element("rect", { x: x - 12, y: top - 6, width: 24, height: h + 12, class: "zone" });
    zone.append(element("title", {}, "drag to choose a range, click to clear it"));
    const show = () => {
      const range = this.ranges.get(axis.name);
      box.toggleAttribute("hidden", !range);
      box.setAttribute("visibility", range ? "visible" : "hidden");
      if (!range) return;
      box.setAttribute("y", top + (1 - range[1]) * h);
      box.setAttribute("height", Math.max(1, (range[1] - range[0]) * h));
    };
    const share = (event) => {
      const frame = this.svg.getBoundingClientRect();
      const place = ((event.clientY - frame.top) / frame.height) * this.svg.viewBox.baseVal.height;
      return Math.min(Math.max(1 - (place - top) / h, 0), 1);
    };
    let start = null;
    zone.addEventListener("pointerdown", (event) => { start = share(event); zone.setPointerCapture(event.pointerId); event.preventDefault(); });
    zone.addEventListener("pointermove", (event) => {
      if (start === null) return;
      const now = share(event);
      if (Math.abs(now - start) > 0.02) this.ranges.set(axis.name, [Math.min(now, start), Math.max(now, start)]);
      show();
      this.mark();
      this.changed();
    });
    zone.addEventListener("pointerup", (event) => {
      if (start !== null && Math.abs(share(event) - start) <= 0.02) this.ranges.delete(axis.name);
      start = null;
      show();
      this.mark();
      this.changed();
    });
    show();
    return element("g", {}, box, zone);
  }

  mark() {
    for (const { line, trial } of this.lines?.values() ?? []) {
      const isLit = trial.number === this.lit;
      line.setAttribute("class", `${line.base}${this.holds(trial) ? "" : " out"}${isLit ? " lit" : ""}`);
      line.firstChild.textContent = `trial ${trial.number}: ${format.loss(trial.validation_loss)}`;
    }
  }

  /** Highlights one trial; null for none. */
  light(number) {
    if (this.lit === number) return;
    this.lit = number;
    const found = this.lines?.get(number);
    if (found) found.line.parentNode.insertBefore(found.line, this.svg.querySelector(".axis"));
    this.mark();
    this.onlight?.(number);
  }
}

/** One search. */
class SearchView {
  constructor(path) {
    this.path = path;
    this.sources = [`/api/search?path=${encodeURIComponent(path)}`];
    this.state = element("p", { class: "sub" });
    this.problem = element("p", { class: "note", hidden: true });
    this.best = element("div");
    this.chart = new ParallelChart(() => this.updateTable());
    this.chart.onlight = (number) => this.table?.rows.forEach((row, key) => row.element.classList.toggle("lit", key === number));
    this.filter = element("input", { type: "search", placeholder: "filter trials: words in their settings or state", "aria-label": "filter trials", oninput: () => this.updateTable() });
    this.clear = element("button", { type: "button", onclick: () => { this.chart.ranges.clear(); this.filter.value = ""; this.chart.draw(); this.updateTable(); } }, "show all");
    this.count = element("span", { class: "empty", role: "status" });
    this.holder = element("div");
    this.body = element("div", { hidden: true }, element("h2", {}, "Settings and losses"), this.chart.root,
      element("p", { class: "empty" }, "Every line is a trial. Drag along an axis to choose a range; where the strong lines of good trials meet, a setting matters."),
      element("h2", {}, "Trials"), element("div", { class: "tools" }, this.filter, this.clear, this.count), this.holder);
    this.root = element("div", {}, element("p", { class: "back" }, element("a", { href: "#" }, "← all runs")),
      element("h1", {}, path), this.state, this.problem, this.best, this.body);
  }

  update([detail], list) {
    if (!detail) {
      this.state.replaceChildren(stateMark("deleted"));
      this.problem.hidden = false;
      this.problem.textContent = this.table ? "It was removed while it was open; this is what it had." : "There is no such search.";
      return;
    }
    const { search, table } = detail;
    const rest = search.trial_count - search.done_count - search.failed_count;
    const words = [search.model, search.dataset, search.strategy, `${format.count(search.done_count)} of ${format.count(search.trial_count)} trials done`]
      .concat(search.failed_count ? [`${search.failed_count} failed`] : [], rest && search.state === "interrupted" ? [`${rest} to go`] : []);
    this.state.replaceChildren(stateMark(search.state), ` · ${words.filter(Boolean).join(" · ")}`);
    this.problem.hidden = !search.problem;
    this.problem.textContent = search.problem ?? "";
    this.body.hidden = !table;
    if (!table) return;
    const first = table.trials[0];
    this.best.replaceChildren(facts([
      ["best trial", first?.validation_loss !== undefined ? `${format.loss(first.validation_loss)}, trial ${first.number} in epoch ${first.best_epoch}` : null],
      ["train it again", table.command ? element("code", {}, table.command) : null],
    ]));
    this.runs = new Set(list.runs.map((run) => run.run));
    this.chart.update(detail.keys, table.trials);
    if (detail.keys.join("\n") !== this.keys) this.makeTable(detail.keys);
    this.trials = table.trials.map((trial, place) => ({ ...trial, place: place + 1 }));
    this.updateTable();
  }

  makeTable(keys) {
    this.keys = keys.join("\n");
    const number = (name, title, value, text = String) => ({ name, title, number: true, value, text: (trial) => (value(trial) === undefined || value(trial) === null ? "–" : text(value(trial))) });
    this.table = new DataTable([
      number("place", "place", (trial) => trial.place), number("trial", "trial", (trial) => trial.number),
      ...keys.map((key) => ({ name: `setting ${key}`, title: key, number: true, text: (trial) => setting(trial, key) || null,
        value: (trial) => { const text = setting(trial, key); return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text; } })),
      number("loss", "validation loss", (trial) => trial.validation_loss, format.loss),
      number("epoch", "best epoch", (trial) => trial.best_epoch), number("epochs", "epochs", (trial) => trial.epoch_count),
      number("seconds", "time", (trial) => trial.seconds, format.time),
      { name: "state", title: "state", value: (trial) => trial.state, node: (trial) => this.stateOf(trial) },
    ], { key: (trial) => trial.number, sorted: "place", most: 500, mark: (trial) => (trial.place === 1 && trial.validation_loss !== undefined ? "best" : "") });
    this.table.body.addEventListener("pointerover", (event) => {
      const row = event.target.closest("tr");
      for (const [key, known] of this.table.rows) if (known.element === row) this.chart.light(key);
    });
    this.table.body.addEventListener("pointerleave", () => this.chart.light(null));
    this.holder.replaceChildren(this.table.root);
  }

  stateOf(trial) {
    const run = `${this.path}.runs/${trial.number}`;
    const mark = stateMark(trial.state);
    if (trial.failure) mark.title = trial.failure;
    return this.runs.has(run) ? element("a", { href: `#run=${encodeURIComponent(run)}` }, mark) : mark;
  }

  updateTable() {
    if (!this.table) return;
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (trial) => [trial.state, ...this.keys.split("\n").map((key) => `${key}=${setting(trial, key)}`)].join(" ").toLowerCase();
    const shown = this.trials.filter((trial) => this.chart.holds(trial) && words.every((word) => text(trial).includes(word)));
    this.clear.disabled = !this.chart.ranges.size && !words.length;
    this.count.textContent = shown.length === this.trials.length ? "" : `${format.count(shown.length)} of ${format.count(this.trials.length)} shown`;
    this.table.update(shown);
  }
}

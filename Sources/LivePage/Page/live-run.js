"use strict";

const mostCompared = 10;

/** Curves of one or several runs: a metric, and whether its axis is logarithmic. */
class RunChart {
  constructor(label) {
    this.chart = new LineChart(label);
    this.metric = element("select", { onchange: () => this.update(this.runs) });
    this.log = element("input", { type: "checkbox", onchange: () => { this.isChosen = true; this.update(this.runs); } });
    this.tools = element("div", { class: "tools" },
      element("label", {}, "curve ", this.metric), element("label", {}, this.log, " logarithmic"));
    this.root = element("section", {}, this.tools, this.chart.root);
    this.runs = [];
  }

  /** Runs: `{ name, detail }`, in a fixed order. */
  update(runs) {
    this.runs = runs;
    const names = new Set(["loss"]);
    for (const { detail } of runs) {
      const last = detail.epochs[detail.epochs.length - 1];
      for (const part of [last?.train_metrics, last?.validation_metrics]) Object.keys(part ?? {}).sort().forEach((name) => names.add(name));
    }
    const wanted = [...names, "learning rate", "images per second"];
    if (wanted.join() !== this.names) {
      this.names = wanted.join();
      const chosen = this.metric.value;
      this.metric.replaceChildren(...wanted.map((name) => element("option", { value: name }, format.title(name))));
      this.metric.value = wanted.includes(chosen) ? chosen : "loss";
    }
    const metric = this.metric.value;
    const series = [];
    runs.forEach(({ name, detail }, place) => {
      const moving = detail.run.state === "training";
      const colour = place % 10;
      const points = (value) => detail.epochs.map((epoch) => [epoch.epoch, value(epoch)]).filter((p) => typeof p[1] === "number");
      const add = (words, dashed, list) => {
        if (list.length) series.push({ name: runs.length > 1 ? `${name} ${words}` : words, colour, dashed, moving, points: list });
      };
      if (metric === "learning rate") return add(metric, false, points((e) => e.learning_rate));
      if (metric === "images per second") return add(metric, false, points((e) => e.images_per_second));
      const isLoss = metric === "loss";
      const validation = points((e) => (isLoss ? e.validation_loss : e.validation_metrics[metric]));
      add("validation", false, validation);
      add("train", validation.length > 0, points((e) => (isLoss ? e.train_loss : e.train_metrics[metric])));
    });
    const values = series.flatMap((one) => one.points.map((p) => p[1]));
    // As in reports: on a linear axis, a factor of three or more would hide small values.
    const [low, high] = [Math.min(...values.slice(0, 50000)), Math.max(...values.slice(0, 50000))];
    if (!this.isChosen) this.log.checked = metric !== "accuracy" && low > 0 && high > 3 * low;
    const units = new Set(runs.map(({ detail }) => detail.loss_unit).filter(Boolean));
    const unit = metric === "loss" ? (units.size === 1 ? [...units][0] : "loss") : format.title(metric);
    this.chart.update(series, { logarithmic: this.log.checked, unit, metric });
  }
}

/** The pictures of a run's epochs, the newest unless another is chosen. */
class Pictures {
  constructor(path) {
    this.path = path;
    this.picture = element("img", { alt: "" });
    this.name = element("span");
    this.slider = element("input", { type: "range", min: 0, max: 0, "aria-label": "epoch", oninput: () => this.choose(Number(this.slider.value)) });
    this.step = (by) => this.choose(Math.min(Math.max(this.place + by, 0), this.epochs.length - 1));
    this.root = element("section", { hidden: true }, element("h2", {}, "Pictures"),
      element("div", { class: "pictures" }, element("div", { class: "row" },
        element("button", { type: "button", onclick: () => this.step(-1), "aria-label": "the epoch before" }, "‹"), this.slider,
        element("button", { type: "button", onclick: () => this.step(1), "aria-label": "the next epoch" }, "›"), this.name),
        this.picture));
    this.epochs = [];
    this.place = -1;
  }

  update(detail) {
    const follows = this.place === this.epochs.length - 1;
    this.rows = detail.picture_rows;
    if (detail.pictures.join() === this.epochs.join()) return;
    this.epochs = detail.pictures;
    this.root.hidden = !this.epochs.length;
    this.slider.max = this.epochs.length - 1;
    if (this.epochs.length) this.choose(follows || this.place >= this.epochs.length ? this.epochs.length - 1 : this.place);
  }

  choose(place) {
    this.place = place;
    this.slider.value = place;
    const epoch = this.epochs[place];
    const words = `epoch ${epoch} of ${this.epochs[this.epochs.length - 1]}`;
    this.name.textContent = words;
    this.slider.setAttribute("aria-valuetext", words);
    this.picture.alt = `Test images (${this.rows.join(", ")} in rows), epoch ${epoch}`;
    this.picture.src = `/picture?path=${encodeURIComponent(this.path)}&epoch=${epoch}`;
  }
}

function facts(pairs) {
  return element("dl", { class: "facts" }, ...pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

/** One run. */
class RunView {
  constructor(path) {
    this.path = path;
    this.sources = [`/api/run?path=${encodeURIComponent(path)}`];
    this.state = element("p", { class: "sub" });
    this.problem = element("p", { class: "note", hidden: true });
    this.chart = new RunChart(`Loss curves of ${path}`);
    this.pictures = new Pictures(path);
    this.tableHolder = element("section");
    this.settings = element("pre", { tabindex: "0", "aria-label": "config.yaml" });
    this.settingsProblem = element("p", { class: "note", hidden: true });
    this.facts = element("div");
    this.report = element("p", { hidden: true }, element("a", {
      href: `/report?path=${encodeURIComponent(path)}`, target: "_blank", rel: "noopener" }, "the report of this run"));
    this.root = element("div", {}, element("p", { class: "back" }, element("a", { href: "#" }, "← all runs")),
      element("h1", {}, path), this.state, this.problem, this.report, this.chart.root, this.pictures.root, this.tableHolder,
      element("details", {}, element("summary", {}, "Settings"), this.settingsProblem, this.settings),
      element("details", {}, element("summary", {}, "Where it is from"), this.facts));
  }

  update([detail], list) {
    if (!detail) {
      this.show(stateMark("deleted"), this.seen ? "It was removed while it was open; this is what it had." : "There is no such run.");
      return;
    }
    this.seen = true;
    const { run, manifest } = detail;
    const words = [run.model, run.data, run.device].filter(Boolean).join(" · ");
    const epochs = run.planned_epochs ? ` · ${run.epoch_count} of ${run.planned_epochs} epochs` : "";
    const best = run.best_epoch ? ` · best ${format.loss(run.best_loss)} in epoch ${run.best_epoch}` : "";
    this.show(stateMark(run.state), run.problem ?? manifest?.failure, ` · ${words}${epochs}${best}`);
    this.report.hidden = !run.has_report;
    this.chart.update([{ name: this.path, detail }]);
    this.pictures.update(detail);
    this.updateTable(detail);
    this.settings.textContent = detail.settings ?? "";
    this.settingsProblem.hidden = !detail.settings_problem;
    this.settingsProblem.textContent = detail.settings_problem ?? "";
    this.updateFacts(detail);
  }

  show(mark, problem, words = "") {
    this.state.replaceChildren(mark, words);
    this.problem.hidden = !problem;
    this.problem.textContent = problem ?? "";
  }

  updateTable(detail) {
    const names = [...new Set(detail.epochs.flatMap((epoch) => Object.keys(epoch.validation_metrics)))].filter((name) => name !== "loss").sort();
    if (!detail.epochs.length) return;
    if (this.tableNames !== names.join()) {
      this.tableNames = names.join();
      const figure = (name, title, value, text) => ({ name, title, number: true, value, text: (epoch) => text(value(epoch)) });
      this.table = new DataTable([
        figure("epoch", "epoch", (epoch) => epoch.epoch, String),
        figure("train", "train loss", (epoch) => epoch.train_loss, format.loss),
        figure("validation", "validation loss", (epoch) => epoch.validation_loss, format.loss),
        ...names.map((name) => figure(name, format.title(name), (epoch) => epoch.validation_metrics[name], (value) => format.metric(name, value))),
        figure("rate", "learning rate", (epoch) => epoch.learning_rate, (value) => Number(value.toPrecision(4)).toString()),
        figure("seconds", "time", (epoch) => epoch.seconds, format.time),
        figure("speed", "images/s", (epoch) => epoch.images_per_second, (value) => format.count(Math.round(value))),
        { name: "hash", title: "state SHA-256", value: (epoch) => epoch.state_sha256, node: (epoch) => element("code", { title: epoch.state_sha256 }, epoch.state_sha256.slice(0, 12)) },
      ], { key: (epoch) => epoch.epoch, sorted: "epoch", falls: true, mark: (epoch) => (epoch.epoch === this.best ? "best" : "") });
      this.table.root.firstElementChild.classList.add("tall");
      this.table.root.firstElementChild.tabIndex = 0;
      this.tableHolder.replaceChildren(element("h2", {}, "Epochs"), this.table.root);
    }
    if (this.best !== detail.run.best_epoch) {
      this.best = detail.run.best_epoch;
      this.table.rows.forEach((row) => { row.text = ""; });
    }
    this.table.update(detail.epochs);
  }

  updateFacts({ manifest, sessions, epochs, run }) {
    const text = JSON.stringify([manifest, sessions, run]);
    if (!manifest || text === this.factsText) return;
    this.factsText = text;
    const { dataset, device } = manifest;
    this.facts.replaceChildren(facts([
      ["data", `${dataset.name}: ${format.count(dataset.train_images)} images train, ${format.count(dataset.validation_images)} validate`],
      ["SHA-256 of the data", dataset.sha256], ["device", `${device.name} (${device.driver})`], ["seed", String(manifest.seed)],
      ["initial parameters", manifest.initial_sha256],
      ["state", epochs.length ? `${epochs[epochs.length - 1].state_sha256} after epoch ${epochs.length}` : null],
      ["program", `Facsimile ${manifest.version}, numerics contract ${manifest.numerics_contract}`],
      ...sessions.map((one) => [format.date(one.date), `${one.command_line} (commit ${one.commit.slice(0, 12)}${one.threads ? `, ${one.threads} threads` : ""})`]),
    ]));
  }
}

/** Several runs in one chart. */
class CompareView {
  constructor(paths) {
    this.paths = paths;
    this.sources = paths.map((path) => `/api/run?path=${encodeURIComponent(path)}`);
    this.chart = new RunChart(`Loss curves of ${paths.join(", ")}`);
    this.seen = new Map();
    const place = (detail) => this.paths.indexOf(detail.run.run);
    this.table = new DataTable([
      { name: "run", title: "run", kind: "path", value: (d) => d.run.run, node: (d) => element("span", { class: `s${place(d) % 10}` },
        element("span", { class: "swatch" }), element("a", { href: `#run=${encodeURIComponent(d.run.run)}` }, d.run.run)) },
      { name: "model", title: "model", value: (d) => d.run.model },
      { name: "epochs", title: "epochs", number: true, value: (d) => d.run.epoch_count },
      { name: "best", title: "best loss", number: true, value: (d) => d.run.best_loss, text: (d) => format.loss(d.run.best_loss) },
      { name: "epoch", title: "in epoch", number: true, value: (d) => d.run.best_epoch },
      { name: "state", title: "state", value: (d) => d.run.state, node: (d) => stateMark(d.run.state) },
    ], { key: (d) => d.run.run, cards: true });
    this.differences = element("section");
    this.problem = element("p", { class: "note", hidden: true });
    this.root = element("div", {}, element("p", { class: "back" }, element("a", { href: "#" }, "← all runs")),
      element("h1", {}, `${paths.length} runs over each other`), this.problem, this.chart.root, element("h2", {}, "Runs"), this.table.root, this.differences);
  }

  update(details) {
    details.forEach((detail, place) => {
      const path = this.paths[place];
      const before = this.seen.get(path);
      if (detail) this.seen.set(path, detail);
      else if (before) this.seen.set(path, { ...before, run: { ...before.run, state: "deleted" } });
    });
    const gone = this.paths.filter((path) => !this.seen.has(path));
    this.problem.hidden = !gone.length;
    this.problem.textContent = `not there: ${gone.join(", ")}`;
    const shown = this.paths.filter((path) => this.seen.has(path)).map((path) => this.seen.get(path));
    this.chart.update(shown.map((detail) => ({ name: detail.run.run, detail })));
    this.table.update(shown);
    this.updateDifferences(shown);
  }

  updateDifferences(shown) {
    const settings = shown.map((detail) => detail.configuration ?? {});
    const keys = [...new Set(settings.flatMap((one) => Object.keys(one)))].sort();
    const words = (value) => (value === undefined ? "–" : Array.isArray(value) ? value.join(",") : String(value));
    const rows = keys.map((key) => [key.replaceAll("_", "-"), ...settings.map((one) => words(one[key]))]).filter((row) => new Set(row.slice(1)).size > 1);
    const text = JSON.stringify(rows);
    if (text === this.differencesText) return;
    this.differencesText = text;
    const head = element("tr", {}, element("th", { scope: "col" }, "setting"),
      ...shown.map((detail, place) => element("th", { scope: "col", class: `s${place % 10}` }, element("span", { class: "swatch" }), detail.run.run)));
    this.differences.replaceChildren(element("h2", {}, "Settings that differ"), rows.length
      ? element("div", { class: "scroll", tabindex: "0" }, element("table", {}, element("thead", {}, head),
        element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", {}, cell)))))))
      : element("p", { class: "empty" }, "none"));
  }
}

"use strict";

/** The list of everything in the folder. */
class ListView {
  constructor() {
    this.sources = [];
    this.chosen = new Set();
    const columns = [
      { name: "pick", kind: "pick", node: (run, cell) => this.box(run, cell) },
      { name: "run", title: "run", kind: "path", value: (run) => run.run, node: (run, cell) => this.link(run, cell) },
      { name: "model", title: "model", value: (run) => run.model },
      { name: "data", title: "data", value: (run) => run.data ?? null },
      { name: "device", title: "device", value: (run) => run.device ?? null },
      { name: "epochs", title: "epochs", number: true, value: (run) => run.epoch_count, text: (run) => (run.planned_epochs ? `${run.epoch_count} / ${run.planned_epochs}` : String(run.epoch_count)) },
      { name: "best", title: "best loss", number: true, value: (run) => run.best_loss ?? null, text: (run) => format.loss(run.best_loss) },
      { name: "epoch", title: "in epoch", number: true, value: (run) => run.best_epoch ?? null },
      { name: "state", title: "state", kind: "wide", value: (run) => run.state, node: (run) => this.state(run) },
      { name: "started", title: "started", kind: "nowrap", value: (run) => run.started ?? null, text: (run) => format.date(run.started) },
    ];
    this.table = new DataTable(columns, { key: (run) => run.run, sorted: "started", falls: true, cards: true });
    this.filter = element("input", { type: "search", placeholder: "filter: words in path, model, data, device, state", "aria-label": "filter runs", oninput: () => this.show() });
    this.model = element("select", { "aria-label": "model", onchange: () => this.show() });
    this.stateChoice = element("select", { "aria-label": "state", onchange: () => this.show() });
    const sorts = columns.filter((column) => column.value);
    this.order = element("select", { onchange: () => {
      const column = sorts.find((one) => one.name === this.order.value);
      this.table.sort(column, Boolean(column.number) || column.name === "started");
    } }, ...sorts.map((column) => element("option", { value: column.name, selected: column.name === "started" }, column.title)));
    this.compare = element("button", { type: "button", class: "main", disabled: true, onclick: () => {
      location.hash = "compare=" + [...this.chosen].map(encodeURIComponent).join("&");
    } });
    this.count = element("span", { class: "empty", role: "status" });
    this.problems = element("div");
    this.runs = element("section", {}, element("h1", {}, "Runs"), element("div", { class: "tools" }, this.filter, this.model, this.stateChoice,
      element("label", { class: "only-narrow" }, "sorted by ", this.order), this.compare, this.count), this.table.root);
    this.searches = new DataTable([
      { name: "search", title: "search", kind: "path", value: (row) => row.search, node: (row) => element("a", { href: `#search=${encodeURIComponent(row.search)}` }, row.search) },
      { name: "model", title: "model", value: (row) => row.model ?? null }, { name: "data", title: "data", value: (row) => row.dataset ?? null },
      { name: "strategy", title: "strategy", value: (row) => row.strategy ?? null },
      { name: "trials", title: "trials", number: true, value: (row) => row.trial_count, text: (row) => `${format.count(row.done_count + row.failed_count)} / ${format.count(row.trial_count)}` },
      { name: "best", title: "best loss", number: true, value: (row) => row.best_loss ?? null, text: (row) => format.loss(row.best_loss) },
      { name: "state", title: "state", value: (row) => row.state, node: (row) => this.state(row) },
    ], { key: (row) => row.search, sorted: "search", cards: true });
    this.studies = element("ul");
    this.searchPart = element("section", { hidden: true }, element("h2", {}, "Searches"), this.searches.root);
    this.studyPart = element("section", { hidden: true }, element("h2", {}, "Studies"), this.studies);
    this.root = element("div", {}, this.problems, this.runs, this.searchPart, this.studyPart);
  }

  box(run, cell) {
    if (cell.firstChild) return undefined;
    return element("input", { type: "checkbox", "aria-label": `choose ${run.run}`, onchange: (event) => {
      if (event.target.checked) this.chosen.add(run.run); else this.chosen.delete(run.run);
      this.showChosen();
    } });
  }

  link(run, cell) {
    return cell.firstChild ? undefined : element("a", { href: `#run=${encodeURIComponent(run.run)}` }, run.run);
  }

  state(row) {
    return element("span", {}, stateMark(row.state), row.problem ? element("small", {}, row.problem) : null);
  }

  showChosen() {
    const count = this.chosen.size;
    this.compare.disabled = count < 2 || count > mostCompared;
    this.compare.textContent = count > mostCompared ? `at most ${mostCompared} over each other` : count < 2 ? "choose runs to compare" : `${count} runs over each other`;
  }

  update(_, list) {
    this.list = list;
    const choices = (select, name, all) => {
      const values = [...new Set(list.runs.map((run) => run[name]))].sort();
      if (select.values === values.join("\n")) return;
      select.values = values.join("\n");
      const chosen = select.value;
      select.replaceChildren(element("option", { value: "" }, all), ...values.map((value) => element("option", { value }, value.replaceAll?.("-", name === "state" ? " " : "-") ?? value)));
      select.value = values.includes(chosen) ? chosen : "";
    };
    choices(this.model, "model", "all models");
    choices(this.stateChoice, "state", "all states");
    const known = new Set(list.runs.map((run) => run.run));
    for (const path of this.chosen) if (!known.has(path)) this.chosen.delete(path);
    this.problems.replaceChildren(...[...list.problems, ...(list.is_cut ? ["There is more in the folder than is looked at: show a smaller one."] : [])]
      .map((text) => element("p", { class: "note" }, text)));
    this.searchPart.hidden = !list.searches.length;
    this.searches.update(list.searches);
    this.studyPart.hidden = !list.studies.length;
    const studies = JSON.stringify(list.studies);
    if (studies !== this.studiesText) {
      this.studiesText = studies;
      this.studies.replaceChildren(...list.studies.map((row) => element("li", {}, row.has_report
        ? element("a", { href: `/report?path=${encodeURIComponent(row.study)}`, target: "_blank", rel: "noopener" }, `${row.study}: the report`)
        : `${row.study}: no report yet`)));
    }
    this.show();
  }

  show() {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const text = (run) => [run.run, run.model, run.data, run.device, run.state].join(" ").toLowerCase();
    const shown = this.list.runs.filter((run) => (!this.model.value || run.model === this.model.value)
      && (!this.stateChoice.value || run.state === this.stateChoice.value) && words.every((word) => text(run).includes(word)));
    const all = this.list.runs.length;
    this.count.textContent = !all ? "no runs yet: facsimile train MODEL --data NAME makes one" : shown.length === all ? `${format.count(all)} run${all === 1 ? "" : "s"}` : `${format.count(shown.length)} of ${format.count(all)} runs`;
    this.table.root.hidden = !all;
    this.table.update(shown);
    this.showChosen();
  }
}

/** Polls the server while the page is visible, and passes new data to the open view. */
const live = {
  known: new Map(),
  view: null,
  interval: 1500,
  polls: 0,

  async read(url) {
    const before = this.known.get(url);
    const answer = await fetch(url, { cache: "no-store", headers: before ? { "If-None-Match": before.tag } : {} });
    if (answer.status === 304) return before.value;
    if (answer.status === 404) return null;
    if (!answer.ok) throw new Error((await answer.text()).trim() || `status ${answer.status}`);
    const value = await answer.json();
    this.known.set(url, { tag: answer.headers.get("ETag"), value });
    return value;
  },

  /** Whether a view's source is in the list: requesting another would log an error on the console. */
  isListed(url, list) {
    const path = new URL(url, location.origin).searchParams.get("path");
    return list.runs.some((run) => run.run === path) || list.searches.some((one) => one.search === path);
  },

  async poll() {
    clearTimeout(this.timer);
    const view = this.view;
    let wait = this.interval;
    const pulse = document.querySelector("#pulse");
    try {
      const list = await this.read("/api/runs");
      const values = await Promise.all(view.sources.map((url) => (this.isListed(url, list) ? this.read(url) : null)));
      if (view !== this.view) return;
      document.querySelector("#folder").textContent = list.folder;
      view.update(values, list);
      const unread = list.runs.filter((run) => run.state === "reading").length;
      wait = unread ? 200 : this.interval;
      pulse.className = "";
      pulse.textContent = unread ? `reading ${format.count(unread)} more …` : `live, ${new Date().toLocaleTimeString("en-GB")}`;
    } catch (error) {
      if (view !== this.view) return;
      pulse.className = "lost";
      pulse.textContent = error instanceof TypeError ? "the server does not answer; trying again" : String(error.message);
    }
    this.polls++;
    clearTimeout(this.timer);
    if (document.visibilityState === "visible") this.timer = setTimeout(() => this.poll(), wait);
  },

  route() {
    const [kind, rest] = location.hash.slice(1).split(/=(.*)/s);
    const paths = (rest ?? "").split("&").filter(Boolean).map((text) => { try { return decodeURIComponent(text); } catch { return text; } });
    const main = document.querySelector("#main");
    const made = kind === "run" && paths.length ? new RunView(paths[0])
      : kind === "search" && paths.length ? new SearchView(paths[0])
      : kind === "compare" && paths.length ? new CompareView([...new Set(paths)].slice(0, mostCompared))
      : (this.list ??= new ListView());
    // Only what is open is kept.
    for (const url of this.known.keys()) if (url !== "/api/runs" && !made.sources.includes(url)) this.known.delete(url);
    const isFirst = !this.view;
    this.view = made;
    main.replaceChildren(made.root);
    document.title = paths.length ? `${paths.join(", ")} – Facsimile` : "Facsimile";
    if (!isFirst) { main.focus(); scrollTo({ top: 0 }); }
    this.poll();
  },

  begin() {
    // The token is now in a cookie, and no longer needed in the address.
    if (location.search) history.replaceState(null, "", location.pathname + location.hash);
    addEventListener("hashchange", () => this.route());
    document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") this.poll(); });
    this.route();
  },
};

live.begin();

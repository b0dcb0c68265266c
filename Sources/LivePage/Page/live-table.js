"use strict";

/** A table whose row elements are kept while their data change, sortable by its header. */
class DataTable {
  /** Columns: `{ title, number, name, value(row), node(row, cell) }`; `key` names a row. */
  constructor(columns, { key, sorted = null, falls = false, most = 2000, cards = false, mark = () => "" }) {
    Object.assign(this, { columns, key, most, mark, column: sorted, falls });
    this.rows = new Map();
    this.data = [];
    this.body = element("tbody");
    this.heads = columns.map((column) => element("th", { scope: "col", class: column.number ? "number" : "" },
      column.title && column.value
        ? element("button", { type: "button", onclick: () => this.sort(column) }, column.title)
        : column.title ?? ""));
    this.more = element("p", { class: "empty", hidden: true });
    const table = element("table", { class: cards ? "cards" : "" }, element("thead", {}, element("tr", {}, ...this.heads)), this.body);
    this.root = element("div", {}, element("div", { class: "scroll" }, table), this.more);
    this.table = table;
    this.markHeads();
  }

  sort(column, falls = this.column === column.name ? !this.falls : Boolean(column.number)) {
    [this.column, this.falls] = [column.name, falls];
    this.markHeads();
    this.arrange();
  }

  markHeads() {
    this.columns.forEach((column, place) => {
      if (column.name === this.column && column.value) this.heads[place].setAttribute("aria-sort", this.falls ? "descending" : "ascending");
      else this.heads[place].removeAttribute("aria-sort");
    });
  }

  update(data) {
    this.data = data;
    const known = new Set(data.map(this.key));
    for (const [key, row] of this.rows) if (!known.has(key)) { row.element.remove(); this.rows.delete(key); }
    this.arrange();
  }

  arrange() {
    const column = this.columns.find((one) => one.name === this.column);
    const order = [...this.data];
    if (column?.value) {
      const missing = (value) => value === null || value === undefined || value === "";
      order.sort((a, b) => {
        const [x, y] = [column.value(a), column.value(b)];
        if (missing(x) || missing(y)) return Number(missing(x)) - Number(missing(y));
        const result = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
        return this.falls ? -result : result;
      });
    }
    const shown = order.slice(0, this.most);
    let before = null;
    for (const data of shown) {
      const row = this.row(data);
      const next = before ? before.nextElementSibling : this.body.firstElementChild;
      // Moving a row makes it lose the focus, so only rows out of order are moved.
      if (next !== row) this.body.insertBefore(row, next);
      before = row;
    }
    while (before ? before.nextElementSibling : this.body.firstElementChild) this.body.lastElementChild.remove();
    this.more.hidden = order.length <= this.most;
    this.more.textContent = `${format.count(order.length - this.most)} more: filter them`;
  }

  row(data) {
    const key = this.key(data);
    const text = JSON.stringify(data);
    let known = this.rows.get(key);
    if (known?.text === text) return known.element;
    const row = known?.element ?? element("tr", {}, ...this.columns.map((column) =>
      element("td", { class: [column.number ? "number" : "", column.kind ?? ""].join(" ").trim(), "data-title": column.title || null })));
    row.className = this.mark(data);
    this.columns.forEach((column, place) => {
      const cell = row.cells[place];
      const made = column.node ? column.node(data, cell) : column.text ? column.text(data) : column.value(data);
      if (made instanceof Node) cell.replaceChildren(made);
      else if (made !== undefined) {
        const words = made === null ? "–" : String(made);
        if (cell.textContent !== words) cell.textContent = words;
      }
    });
    this.rows.set(key, { element: row, text });
    return row;
  }
}

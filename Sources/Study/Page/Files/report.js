"use strict";

/** Lets the header cells of a table sort it: numbers by size, everything else by letter. */
function makeSortable(table) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const falls = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", falls ? "descending" : "ascending");
      const key = (row) => row.cells[column].textContent.trim();
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        const [m, n] = [x, y].map((text) => (text === "" || Number.isNaN(Number(text)) ? null : Number(text)));
        const order = m !== null && n !== null ? m - n : m !== null ? -1 : n !== null ? 1 : x.localeCompare(y);
        return falls ? -order : order;
      });
      body.append(...rows);
    });
  });
}

/** For tests: what there is, and how far the decoders are from the program's. */
window.facsimile = { ready: false, explorer: null };

async function begin() {
  document.querySelectorAll("table.sortable").forEach(makeSortable);
  const root = document.querySelector(".explorer");
  if (root) {
    const data = JSON.parse(document.querySelector("#explorer-data").textContent);
    const atlas = new Image();
    atlas.src = data.atlas;
    await atlas.decode();
    root.hidden = false;
    document.documentElement.classList.add("explores");
    window.facsimile.explorer = new Explorer(root, data, atlas);
  }
  window.facsimile.ready = true;
}

begin();

"use strict";

/* What the page does besides charts: theme, sorting, scales, the filter of runs. */
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");

  const remembered = () => {
    try { return localStorage.getItem("litbench-theme"); } catch { return null; }
  };
  const remember = (theme) => {
    try { localStorage.setItem("litbench-theme", theme); } catch { /* a file may have no storage */ }
  };
  const current = () => root.dataset.theme || (dark.matches ? "dark" : "light");

  const button = document.getElementById("theme");
  const name = () => { button.textContent = current() === "dark" ? "Light" : "Dark"; };
  const saved = remembered();
  if (saved === "dark" || saved === "light") root.dataset.theme = saved;
  button.addEventListener("click", () => {
    root.dataset.theme = current() === "dark" ? "light" : "dark";
    remember(root.dataset.theme);
    name();
    Charts.redraw();
  });
  dark.addEventListener("change", () => { name(); Charts.redraw(); });
  name();

  /* Figures first by size, then what has none; a second click turns the order round. */
  const sort = (table, column, header) => {
    const first = header.classList.contains("figures") ? "descending" : "ascending";
    const second = first === "ascending" ? "descending" : "ascending";
    const order = header.getAttribute("aria-sort") === first ? second : first;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const compare = (a, b) => {
      const [x, y] = [a.cells[column], b.cells[column]];
      const [p, q] = [x.dataset.sort, y.dataset.sort];
      if (p !== undefined && q !== undefined) return sign * (Number(p) - Number(q));
      if (p !== undefined || q !== undefined) return p === undefined ? 1 : -1;
      return sign * x.textContent.localeCompare(y.textContent, "en", { numeric: true });
    };
    table.tBodies[0].append(...[...table.tBodies[0].rows].sort(compare));
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      header.querySelector("button").addEventListener("click", () => sort(table, column, header));
    });
  }

  for (const toggle of document.querySelectorAll(".scale-toggle")) {
    toggle.addEventListener("click", () => {
      const shown = toggle.closest("figure").querySelector(".bars").classList.toggle("log-shown");
      toggle.setAttribute("aria-pressed", String(shown));
    });
  }

  const filter = document.getElementById("run-filter");
  const invalid = document.getElementById("run-invalid");
  const runs = [...document.querySelectorAll(".run")];
  const select = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const run of runs) {
      const fits = words.every((word) => run.dataset.text.includes(word));
      run.hidden = !fits || (invalid.checked && run.dataset.valid === "1");
      shown += run.hidden ? 0 : 1;
    }
    document.getElementById("run-count").textContent = `${shown} of ${runs.length}`;
  };
  filter.addEventListener("input", select);
  invalid.addEventListener("change", select);
  select();

  const links = new Map([...document.querySelectorAll("nav a")].map((a) => [a.hash.slice(1), a]));
  const seen = new Set();
  const spy = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) seen.add(entry.target.id); else seen.delete(entry.target.id);
    }
    const first = [...links.keys()].find((id) => seen.has(id));
    for (const [id, link] of links) {
      if (id === first) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    }
  }, { rootMargin: "-80px 0px -60% 0px" });
  for (const part of document.querySelectorAll("main section")) spy.observe(part);

  for (const details of document.querySelectorAll("details.traces")) {
    details.addEventListener("toggle", () => Charts.refresh());
  }
  let waiting = 0;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => Charts.refresh(), 120);
  });
  Charts.refresh();
})();

"use strict";

/* The interactive charts: latency by percentile, memory by size, iterations. */
const Charts = (() => {
  const DATA = JSON.parse(document.getElementById("data").textContent);
  const live = [];

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const FONT = "12px system-ui, sans-serif";

  const axis = (extra) => ({
    stroke: css("--quiet"),
    font: FONT,
    grid: { stroke: css("--grid"), width: 1 },
    ticks: { show: false },
    ...extra,
  });

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  /* A box beside the cursor with every series' value there, largest first. */
  const tooltip = (title, value, rows) => {
    const box = element("div", "tooltip");
    box.hidden = true;
    return {
      hooks: {
        init: (u) => u.over.appendChild(box),
        setCursor: (u) => {
          const index = u.cursor.idx;
          const shown = index === null || index === undefined ? [] : rows(u, index);
          box.hidden = shown.length === 0;
          if (box.hidden) return;
          box.replaceChildren(element("b", "", title(u.data[0][index], index)));
          shown.sort((a, b) => b.y - a.y);
          for (const row of shown) {
            const line = element("div", "tooltip-row");
            line.append(
              element("span", `swatch c${row.colour}`),
              element("span", "tooltip-name", row.label),
              element("span", "tooltip-value", value(row.y)),
            );
            box.append(line);
          }
          const left = u.cursor.left > u.over.clientWidth / 2;
          box.style.left = left ? "" : `${u.cursor.left + 14}px`;
          box.style.right = left ? `${u.over.clientWidth - u.cursor.left + 14}px` : "";
          box.style.top = "4px";
        },
      },
    };
  };

  const seriesRows = (series) => (u, index) =>
    series.flatMap((one, at) => {
      const y = u.data[at + 1][index];
      return y === null || y === undefined ? [] : [{ ...one, y }];
    });

  /* Names at the right ends of lines, moved apart where they would overlap. */
  const endLabels = (series) => ({
    hooks: {
      draw: (u) => {
        const { ctx } = u;
        const ratio = devicePixelRatio;
        const gap = 14 * ratio;
        const ends = series.map((one, at) => {
          const y = u.data[at + 1];
          let last = y.length - 1;
          while (last > 0 && (y[last] === null || y[last] === undefined)) last -= 1;
          const top = u.valToPos(y[last], "y", true);
          return { ...one, x: u.valToPos(u.data[0][last], "x", true), from: top, top };
        });
        ends.sort((a, b) => a.top - b.top);
        for (let i = 1; i < ends.length; i += 1) {
          ends[i].top = Math.max(ends[i].top, ends[i - 1].top + gap);
        }
        const floor = u.bbox.top + u.bbox.height;
        for (let i = ends.length - 1, limit = floor; i >= 0; i -= 1, limit -= gap) {
          ends[i].top = Math.min(ends[i].top, limit);
        }
        ctx.save();
        ctx.font = `${12 * ratio}px system-ui, sans-serif`;
        ctx.textBaseline = "middle";
        ctx.textAlign = "left";
        ctx.lineWidth = ratio;
        const edge = u.bbox.left + u.bbox.width;
        for (const end of ends) {
          ctx.strokeStyle = css(`--c${end.colour}`);
          ctx.beginPath();
          ctx.moveTo(end.x + 2 * ratio, end.from);
          ctx.lineTo(edge + 8 * ratio, end.top);
          ctx.lineTo(edge + 13 * ratio, end.top);
          ctx.stroke();
          ctx.fillStyle = css("--ink");
          ctx.fillText(shorten(end.label), edge + 17 * ratio, end.top);
        }
        ctx.restore();
      },
    },
  });

  const shorten = (label) => (label.length > 22 ? `${label.slice(0, 21)}…` : label);

  const labelSpace = (series) => {
    const ctx = document.createElement("canvas").getContext("2d");
    ctx.font = FONT;
    return 22 + Math.max(...series.map((one) => ctx.measureText(shorten(one.label)).width));
  };

  /* Names below a chart that is too narrow for names at the lines' ends. */
  const legend = (host, series) => {
    const list = element("ul", "chart-legend");
    for (const one of series) {
      const item = element("li");
      item.append(element("span", `swatch c${one.colour}`), one.label);
      list.append(item);
    }
    host.append(list);
  };

  const mount = (host, options, data, series) => {
    const wide = host.clientWidth >= 460;
    const narrowed = { ...options, width: host.clientWidth };
    if (series && wide) {
      narrowed.padding = [10, labelSpace(series), 0, 0];
      narrowed.plugins = [...options.plugins, endLabels(series)];
    } else {
      narrowed.padding = [10, 12, 0, 0];
    }
    const chart = new uPlot(narrowed, data, host);
    if (series && !wide) legend(host, series);
    live.push({ host, chart });
  };

  const line = (one, extra) => ({
    label: one.label,
    stroke: css(`--c${one.colour}`),
    width: 2,
    points: { show: false },
    spanGaps: true,
    ...extra,
  });

  const cursor = { y: false, points: { size: 7 }, focus: { prox: 24 }, drag: { x: false, y: false } };
  const logTicks = (format) => (u, ticks) => ticks.map((tick) => (tick === null ? "" : format(tick)));

  const latency = (host) => {
    const found = DATA.latency[host.dataset.anchor];
    const end = found.x[found.x.length - 1];
    const ticks = [Math.log10(2)];
    for (let nines = 1; nines <= end; nines += 1) ticks.push(nines);
    const format = (value) => Format.time(value, found.unit);
    mount(
      host,
      {
        height: 330,
        scales: { x: { time: false, range: () => [0, end] }, y: { distr: 3 } },
        axes: [
          axis({ splits: () => ticks, values: (u, at) => at.map(Format.percentile), size: 32 }),
          axis({ values: logTicks(format), size: 62 }),
        ],
        series: [{}, ...found.series.map((one) => line(one, { dash: one.dash ? [5, 4] : undefined }))],
        legend: { show: false },
        focus: { alpha: 0.25 },
        cursor,
        plugins: [tooltip((x) => (x === end ? "maximum" : Format.percentile(x)), format, seriesRows(found.series))],
      },
      [found.x, ...found.series.map((one) => one.y)],
      found.series,
    );
  };

  const memory = (host) => {
    const found = DATA.memory[host.dataset.anchor][Number(host.dataset.index)];
    const entries = [];
    found.rows.forEach((row, at) => {
      for (const [x, y] of row.line) if (y > 0) entries.push({ x, y, at: 2 * at });
      for (const [x, y] of row.points) if (y > 0) entries.push({ x, y, at: 2 * at + 1 });
    });
    if (entries.length === 0) {
      host.append(element("p", "hint", "No reading above zero: there is nothing to draw."));
      return;
    }
    entries.sort((a, b) => a.x - b.x);
    const columns = found.rows.flatMap(() => [[], []]);
    entries.forEach((entry, index) => {
      columns.forEach((column) => column.push(null));
      columns[entry.at][index] = entry.y;
    });
    const dots = (row) => line(row, {
      paths: () => null,
      points: { show: true, size: 7, fill: css(`--c${row.colour}`), stroke: css("--page"), width: 1 },
    });
    const rows = (u, index) => {
      const x = u.data[0][index];
      return found.rows.flatMap((row) => {
        const at = row.points.filter((point) => point[0] === x).map((point) => point[1]);
        return at.length ? [{ ...row, y: at.reduce((a, b) => a + b) / at.length }] : [];
      });
    };
    mount(
      host,
      {
        height: 330,
        scales: { x: { time: false, distr: 3 }, y: { distr: 3 } },
        axes: [
          axis({ values: logTicks(Format.count), size: 32 }),
          axis({ values: logTicks(Format.bytes), size: 66 }),
        ],
        series: [{}, ...found.rows.flatMap((row) => [line(row, { width: 1.5 }), dots(row)])],
        legend: { show: false },
        cursor: { ...cursor, points: { show: false }, focus: undefined },
        plugins: [tooltip((x) => `${Math.round(x).toLocaleString("en")} ${found.unit}`, Format.bytes, rows)],
      },
      [entries.map((entry) => entry.x), ...columns],
    );
    legend(host, found.rows);
  };

  /* Iterations that came before the steady state, shaded. */
  const unsteady = (start) => ({
    hooks: {
      drawClear: (u) => {
        if (!start) return;
        u.ctx.save();
        u.ctx.fillStyle = css("--shade");
        const end = u.valToPos(start - 0.5, "x", true);
        u.ctx.fillRect(u.bbox.left, u.bbox.top, end - u.bbox.left, u.bbox.height);
        u.ctx.restore();
      },
    },
  });

  const trace = (host, row, unit) => {
    const longest = Math.max(...row.forks.map((fork) => fork.length));
    const x = Array.from({ length: longest }, (_, index) => index);
    const forks = row.forks.map((fork, at) => ({ label: `fork ${at + 1}`, colour: row.colour, y: fork }));
    const format = (value) => Format.time(value, unit);
    mount(
      host,
      {
        height: 140,
        scales: { x: { time: false, range: () => [-0.5, Math.max(longest - 0.5, 0.5)] } },
        axes: [
          axis({ size: 24, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] }),
          axis({ values: (u, at) => at.map(format), size: 62 }),
        ],
        series: [
          {},
          ...forks.map((fork) => line(fork, { width: 1.25, alpha: 0.8, points: { show: longest < 3 } })),
        ],
        legend: { show: false },
        cursor,
        plugins: [
          unsteady(Math.max(...row.starts)),
          tooltip((index) => `iteration ${index}`, format, seriesRows(forks)),
        ],
      },
      [x, ...forks.map((fork) => [...fork.y, ...Array(longest - fork.y.length).fill(null)])],
    );
  };

  const traces = (host) => {
    const found = DATA.traces[host.dataset.anchor];
    const cells = found.rows.map((row) => {
      const figure = element("figure", "multiple");
      const caption = element("figcaption");
      caption.append(
        element("span", `swatch c${row.colour}`),
        element("b", "", row.label),
        element("span", "quiet", ` ${row.state}`),
      );
      const chart = element("div", "chart");
      chart.setAttribute("role", "img");
      chart.setAttribute("aria-label", `Iteration times of ${row.label}: ${row.state}`);
      figure.append(caption, chart);
      host.append(figure);
      return [chart, row];
    });
    for (const [chart, row] of cells) trace(chart, row, found.unit);
  };

  const DRAW = { latency, memory, traces };

  const draw = (host) => {
    if (host.clientWidth === 0) return;
    host.dataset.drawn = String(host.clientWidth);
    DRAW[host.dataset.chart](host);
  };

  const clear = (host) => {
    for (let i = live.length - 1; i >= 0; i -= 1) {
      if (host.contains(live[i].host)) live.splice(i, 1)[0].chart.destroy();
    }
    host.replaceChildren();
    delete host.dataset.drawn;
  };

  const hosts = () => [...document.querySelectorAll("[data-chart]")];

  /* Draws what is visible and not drawn, or drawn for another width. */
  const refresh = () => {
    for (const host of hosts()) {
      if (host.clientWidth && host.dataset.drawn !== String(host.clientWidth)) {
        clear(host);
        draw(host);
      }
    }
  };

  /* Draws everything again, in the colours of the theme that is now in force. */
  const redraw = () => {
    for (const host of hosts()) clear(host);
    refresh();
  };

  return { refresh, redraw };
})();

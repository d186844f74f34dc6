"use strict";

/* The interactive charts: latency by percentile, memory by size, iterations. */
const Charts = (() => {
  const DATA = JSON.parse(document.getElementById("data").textContent);
  const {
    css, axis, element, tooltip, seriesRows, mount, line, cursor, logTicks, powers, rounds, apart,
  } = Plot;

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
          axis({ splits: () => ticks, values: apart(Format.percentile), size: 32 }),
          axis({ splits: powers(10), values: logTicks(format), size: 62 }),
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
        scales: {
          x: { time: false, distr: 3, range: (u, low, high) => [low / 1.2, high * 1.2] },
          y: { distr: 3, range: (u, low, high) => [low / 1.4, high * 1.4] },
        },
        axes: [
          axis({ splits: powers(10), values: logTicks(Format.count), size: 32 }),
          axis({ splits: powers(2, 4, 16, 256), values: logTicks(Format.bytes), size: 66 }),
        ],
        series: [{}, ...found.rows.flatMap((row) => [line(row, { width: 1.5 }), dots(row)])],
        legend: { show: false },
        cursor: { ...cursor, points: { show: false }, focus: undefined },
        plugins: [tooltip((x) => `${Math.round(x).toLocaleString("en")} ${found.unit}`, Format.bytes, rows)],
      },
      [entries.map((entry) => entry.x), ...columns],
      found.rows.map((row, at) => ({ ...row, column: 2 * at + (row.line.length ? 1 : 2) })),
    );
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
          axis({ values: (u, at) => at.map(format), size: 62, space: 24 }),
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

  /* Intervals as upright lines through their values, perfect scaling, and what is claimed. */
  const spans = (found, ideal) => ({
    hooks: {
      draw: (u) => {
        const { ctx } = u;
        const stroke = (colour, from, to, dash, aside = 0) => {
          ctx.strokeStyle = colour;
          ctx.setLineDash(dash);
          ctx.beginPath();
          ctx.moveTo(u.valToPos(from[0], "x", true) + aside, u.valToPos(from[1], "y", true));
          ctx.lineTo(u.valToPos(to[0], "x", true) + aside, u.valToPos(to[1], "y", true));
          ctx.stroke();
        };
        ctx.save();
        ctx.beginPath();
        ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
        ctx.clip();
        ctx.lineWidth = 1.5 * devicePixelRatio;
        const x = u.data[0];
        if (ideal) {
          const last = x[x.length - 1];
          stroke(css("--quiet"), [x[0], 1], [last, last / x[0]], [4, 4]);
        }
        ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
        ctx.textAlign = "left";
        ctx.textBaseline = "alphabetic";
        ctx.fillStyle = css("--quiet");
        for (const claim of found.claims) {
          const { min, max } = u.scales.x;
          stroke(css("--quiet"), [min, claim.value], [max, claim.value], [2, 3]);
          ctx.fillText(claim.label, u.bbox.left + 6 * devicePixelRatio,
            u.valToPos(claim.value, "y", true) - 5 * devicePixelRatio);
        }
        found.series.forEach((one, at) => {  // side by side, so that none hides another
          const aside = 3 * devicePixelRatio * (at - (found.series.length - 1) / 2);
          one.low.forEach((low, i) => {
            if (low !== null) stroke(css(`--c${one.colour}`), [x[i], low], [x[i], one.high[i]], [], aside);
          });
        });
        ctx.restore();
      },
    },
  });

  /* All that a sweep's plot has to hold: values, claims, and intervals but for the reach of wild ones. */
  const reach = (found) => {
    const held = found.claims.map((claim) => claim.value);
    for (const one of found.series) {
      one.y.forEach((y, i) => {
        if (y === null) return;
        held.push(y);
        if (one.low[i] !== null) held.push(Math.max(one.low[i], y / 2), Math.min(one.high[i], 2 * y));
      });
    }
    return [Math.min(...held), Math.max(...held)];
  };

  const WIDE = 10; // what spans more than this is drawn on a logarithmic axis

  const sweep = (host) => {
    const found = DATA.sweep[host.dataset.anchor];
    const ratio = found.unit === "ratio";
    const clock = ["ns", "cycles", "instructions"].includes(found.unit);
    const format = ratio ? (value) => `${Math.round(100 * value) / 100} ×`
      : clock ? (value) => Format.time(value, found.unit) : Format.count;
    const over = (at) => (found.over === "load" ? `${at} %` : Format.count(at));
    const [first, last] = [found.x[0], found.x[found.x.length - 1]];
    const [least, most] = reach(found);
    const across = !ratio && first > 0 && last >= WIDE * first;
    const upward = !ratio && least > 0 && (clock || most > WIDE * least);
    const margin = across ? (last / first) ** (1 / 20) : (last - first) / 20;
    const ends = across ? [first / margin, last * margin] : [first - margin, last + margin];
    const top = ratio ? Math.max(most, last / first) : most;
    mount(
      host,
      {
        height: 330,
        scales: {
          x: { time: false, distr: across ? 3 : 1, range: () => ends },
          y: upward ? { distr: 3, range: () => [least / 1.25, most * 1.25] } : { range: () => [0, top * 1.08] },
        },
        axes: [
          axis({ splits: () => found.x, values: apart(over), size: 32 }),
          axis({ ...(upward ? { splits: rounds } : {}), values: logTicks(format), size: 62 }),
        ],
        series: [{}, ...found.series.map((one) => line(one, { points: { show: true, size: 6 } }))],
        legend: { show: false },
        focus: { alpha: 0.25 },
        cursor,
        plugins: [
          spans(found, ratio),
          tooltip((x) => `${found.over} ${over(x)}`, format, seriesRows(found.series)),
        ],
      },
      [found.x, ...found.series.map((one) => one.y)],
      found.series,
    );
  };

  const DRAW = { latency, sweep, memory, traces };

  const draw = (host) => {
    host.dataset.drawn = String(host.clientWidth);
    DRAW[host.dataset.chart](host);
  };

  const clear = (host) => {
    Plot.clear(host);
    delete host.dataset.drawn;
  };

  const hosts = () => [...document.querySelectorAll("[data-chart]")];
  const visible = (host) => host.clientWidth > 0 && !host.closest("details:not([open])");

  /* Draws what is visible and not drawn, or drawn for another width. */
  const refresh = () => {
    for (const host of hosts()) {
      if (visible(host) && host.dataset.drawn !== String(host.clientWidth)) {
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

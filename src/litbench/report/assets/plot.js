"use strict";

/* What all charts share: axes, tooltips, names at lines' ends, and putting one on the page. */
const Plot = (() => {
  const live = [];

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const FONT = "12px system-ui, sans-serif";

  const axis = (extra) => ({
    stroke: css("--quiet"),
    font: FONT,
    grid: { stroke: css("--grid"), width: 1 },
    ticks: { show: false },
    filter: (u, ticks) => ticks,
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
        const ends = series.flatMap((one, at) => {
          const y = u.data[one.column ?? at + 1];
          const last = y.findLastIndex((value) => value !== null && value !== undefined);
          if (last < 0) return []; // nothing of it is on this axis
          const top = u.valToPos(y[last], "y", true);
          return [{ ...one, x: u.valToPos(u.data[0][last], "x", true), from: top, top }];
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

  const shorten = (label) => (label.length > 26 ? `${label.slice(0, 14)}…${label.slice(-11)}` : label);

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
      item.append(element("span", `swatch c${one.colour}${one.dash ? " dashed" : ""}`), one.label);
      list.append(item);
    }
    host.append(list);
  };

  const mount = (host, options, data, series) => {
    const wide = host.clientWidth >= 460;
    const narrowed = { ...options, pxAlign: false, width: host.clientWidth };
    if (series && wide) {
      narrowed.padding = [10, labelSpace(series), 0, 0];
      narrowed.plugins = [...options.plugins, endLabels(series)];
    } else {
      narrowed.padding = [10, 16, 0, 0];
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

  /* Ticks at powers of ten, or for bytes of two, so that they read 64 KiB, 1 MiB, 16 MiB. */
  const powers = (...bases) => (u, at, low, high) => {
    const ticks = [];
    const base = bases.find((one) => Math.log(high / low) / Math.log(one) < 8) ?? bases[bases.length - 1];
    const first = Math.ceil(Math.log(low) / Math.log(base) - 1e-9);
    for (let tick = base ** first; tick <= high; tick *= base) ticks.push(tick);
    return ticks;
  };

  /* Ticks at powers of ten; between them, too, where those are too few. */
  const rounds = (u, at, low, high) => {
    const ticks = powers(10)(u, at, low, high);
    if (ticks.length > 2) return ticks;
    const between = [];
    for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
      between.push(...[1, 2, 5].map((nice) => nice * power).filter((tick) => tick >= low && tick <= high));
    }
    return between;
  };

  /* Labels of an axis below, those left out that would touch the one before. */
  const apart = (format) => (u, ticks) => {
    let free = -Infinity;
    return ticks.map((tick) => {
      const label = format(tick);
      const half = 3.6 * label.length;
      const at = u.valToPos(tick, "x");
      if (at - half < free) return "";
      free = at + half + 6;
      return label;
    });
  };

  /* Takes all charts out of an element. */
  const clear = (host) => {
    for (let i = live.length - 1; i >= 0; i -= 1) {
      if (host.contains(live[i].host)) live.splice(i, 1)[0].chart.destroy();
    }
    host.replaceChildren();
  };

  return { css, axis, element, tooltip, seriesRows, mount, line, cursor, logTicks, powers, rounds, apart, clear };
})();

"use strict";

/* How quantities are written on axes and in tooltips; the tables' texts come with the page. */
const Format = (() => {
  const TIME = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];
  const SI = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];
  const BINARY = [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]];

  const significant = (value) => {
    if (value === 0) return "0";
    const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
    return String(Number(value.toFixed(Math.min(digits, 6))));
  };

  const scaled = (value, steps, smallest) => {
    for (const [factor, name] of steps) {
      if (Math.abs(value) >= factor * 0.9995) return `${significant(value / factor)} ${name}`;
    }
    return smallest ? `${significant(value)} ${smallest}` : significant(value);
  };

  const count = (value) => scaled(value, SI, "");
  const time = (value, unit) => (unit === "ns" ? scaled(value, TIME, "ns") : count(value));
  const bytes = (value) => scaled(value, BINARY, "B");

  /* x = log10(1 / (1 - p)): one unit is one more nine. */
  const percentile = (x) => {
    if (x === 0) return "0 %";
    const nines = Math.max(0, Math.ceil(x) - 1);
    return `${(100 * (1 - 10 ** -x)).toFixed(nines === 0 ? 0 : nines - 1 + (Number.isInteger(x) ? 0 : 1))} %`;
  };

  return { count, time, bytes, percentile };
})();

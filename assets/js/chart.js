// Draws what a period brought from the JSON that the API serves, in the page's colours and language. Its place is
// kept by the style from the first moment; without script, or where there is nothing to draw, the table stands alone.

"use strict";

const HEIGHT = 272;
const language = document.documentElement.lang || "en";

const money = (currency, options) => new Intl.NumberFormat(language, { style: "currency", currency, ...options });
const minorDigits = (currency) => money(currency).resolvedOptions().maximumFractionDigits;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// A number that a double cannot hold keeps its digits, where the browser tells what was written; else it is near it.
const exactly = (_, value, told) => (typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(told?.source ?? "") ? BigInt(told.source) : value);

// Minor units as the decimal number they are, which the formatter writes out to its last digit.
function decimal(minor, digits) {
  const text = String(minor).replace("-", "").padStart(digits + 1, "0");
  const sign = minor < 0 ? "-" : "";
  return digits ? `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}` : sign + text;
}

// What stands under a bar: a label of its own, cut where it is long, or its month.
const LABEL_LETTERS = 16;
function nameOf(row, length) {
  if (row.label === undefined) return monthName(row.month, length);
  return length === "long" || row.label.length <= LABEL_LETTERS ? row.label : `${row.label.slice(0, LABEL_LETTERS - 1)}…`;
}

function monthName(month, length) {
  const named = { month: length, year: length === "short" ? "2-digit" : "numeric", timeZone: "UTC" };
  return new Date(`${month}-01T00:00:00Z`).toLocaleDateString(language, named);
}

// An axis says how large something is, not its cents.
function onAxis(currency, digits) {
  const short = money(currency, { maximumFractionDigits: 1, minimumFractionDigits: 0, notation: "compact" });
  return (_, at) => at.map((minor) => short.format(minor / 10 ** digits));
}

function options(place, rows, currency) {
  const digits = minorDigits(currency);
  const exact = money(currency, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const ink = colour("--accent");
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "13px Plex Sans" };
  const keys = keysOf(place);
  const lowest = Math.min(0, ...rows.flatMap((one) => keys.map((name) => Number(one[name]))));
  const beside = keys.length > 1;
  const soft = colour("--soft");
  const amount = (key) => (_, drawn, __, i) => (drawn == null || i == null ? "–" : exact.format(decimal(rows[i][key], digits)));
  const bars = (key, align, width) => ({ width: 0, points: { show: false }, value: amount(key), paths: uPlot.paths.bars({ align, size: [width, 46], radius: 0.12 }) });
  return {
    width: place.clientWidth,
    height: HEIGHT,
    padding: [10, 6, 0, 0],
    scales: {
      x: { time: false, range: () => [-0.6, rows.length - 0.4] },
      y: { range: (_, __, high) => [lowest * 1.08, high > 0 ? high * 1.08 : 1] },
    },
    cursor: { points: { show: false }, drag: { x: false } },
    axes: [
      { ...axis, grid: { show: false }, incrs: [1, 2, 3, 6, 12, 24], space: rows[0]?.label === undefined ? 64 : 120, values: (_, at) => at.map((i) => (Number.isInteger(i) && rows[i] ? nameOf(rows[i], "short") : "")) },
      { ...axis, size: (_, labels) => 18 + 7.6 * Math.max(0, ...(labels ?? []).map((one) => one.length)), values: onAxis(currency, digits) },
    ],
    series: [
      { label: place.dataset.monthWords ?? "Month", value: (_, i) => (i == null ? "–" : nameOf(rows[i], "long")) },
      ...(beside ? [{ label: place.dataset.besideWords ?? "Before", fill: soft, stroke: soft, ...bars(keys[0], -1, 0.36) }] : []),
      { label: place.dataset.valueWords ?? "Earned", fill: ink, stroke: ink, ...(beside ? bars(keys[1], 1, 0.36) : bars(keys[0], 0, 0.68)) },
    ],
  };
}

const keysOf = (place) => [place.dataset.beside, place.dataset.value ?? "earned_minor"].filter(Boolean);

function draw(place, rows) {
  place.replaceChildren();
  for (const currency of new Set(rows.map((one) => one.currency))) {
    const mine = rows.filter((one) => one.currency === currency);
    const plot = new uPlot(options(place, mine, currency), [mine.map((_, i) => i), ...keysOf(place).map((key) => mine.map((one) => (one[key] == null ? null : Number(one[key]))))], place);
    const showLast = () => plot.setLegend({ idx: mine.length - 1 });
    plot.over.addEventListener("mouseleave", () => requestAnimationFrame(showLast));
    requestAnimationFrame(showLast);
  }
}

async function rowsOf(place) {
  const answer = await fetch(place.dataset.chart, { headers: { accept: "application/json" } });
  return answer.ok ? JSON.parse(await answer.text(), exactly).items : [];
}

async function begin(place) {
  const table = place.parentElement.querySelector("details.as-table");
  const rows = await rowsOf(place).catch(() => []);
  if (!rows.length) {
    place.classList.add("failed");
    return;
  }
  await document.fonts.load("13px Plex Sans");
  place.hidden = false;
  place.setAttribute("role", "img");
  if (!place.ariaLabel) place.ariaLabel = place.dataset.valueWords ?? "";
  if (table) {
    table.open = false;
    table.classList.add("touched");
  }
  draw(place, rows);
  let width = place.clientWidth;
  new ResizeObserver(() => {
    if (place.clientWidth !== width) { width = place.clientWidth; draw(place, rows); }
  }).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(place, rows));
}

document.addEventListener("DOMContentLoaded", () => {
  for (const place of document.querySelectorAll("[data-chart]")) begin(place);
});

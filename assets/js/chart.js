// Draws what a month brought from the JSON that the API serves; without script its table stands there alone.

"use strict";

function minorDigits(currency) {
  return new Intl.NumberFormat("en-US", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
}

function shown(minor, currency, digits) {
  return new Intl.NumberFormat("en-US", { style: "currency", currency, minimumFractionDigits: digits }).format(minor / 10 ** digits);
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function monthName(month, length) {
  return new Date(`${month}-01T00:00:00Z`).toLocaleDateString("en-US", { month: length, year: "2-digit", timeZone: "UTC" });
}

function options(place, months, currency) {
  const digits = minorDigits(currency);
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "13px Plex Sans" };
  return {
    width: place.clientWidth,
    height: 272,
    scales: { x: { time: false, range: (_, low, high) => [low - 0.6, high + 0.6] }, y: { range: (_, __, high) => [0, high > 0 ? high * 1.08 : 1] } },
    cursor: { points: { show: false }, drag: { x: false } },
    axes: [
      { ...axis, grid: { show: false }, incrs: [1, 2, 3, 6, 12, 24], space: 62, values: (_, at) => at.map((i) => (Number.isInteger(i) && months[i] ? monthName(months[i].month, "short") : "")) },
      { ...axis, size: 58, values: (_, at) => at.map((minor) => new Intl.NumberFormat("en-US", { style: "currency", currency, maximumFractionDigits: 0, notation: "compact" }).format(minor / 10 ** digits)) },
    ],
    series: [
      { label: "Month", value: (_, i) => (i == null ? "–" : monthName(months[i].month, "long")) },
      { label: "Earned", fill: colour("--accent"), stroke: colour("--accent"), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.68, 46], radius: 0.12 }), value: (_, minor) => (minor == null ? "–" : shown(minor, currency, digits)) },
    ],
  };
}

function draw(place, months) {
  place.replaceChildren();
  for (const currency of new Set(months.map((one) => one.currency))) {
    const mine = months.filter((one) => one.currency === currency);
    const plot = new uPlot(options(place, mine, currency), [mine.map((_, i) => i), mine.map((one) => one.earned_minor)], place);
    const showLast = () => plot.setLegend({ idx: mine.length - 1 });
    plot.over.addEventListener("mouseleave", () => requestAnimationFrame(showLast));
    requestAnimationFrame(showLast);
  }
}

async function begin(place) {
  const answer = await fetch(place.dataset.chart, { headers: { accept: "application/json" } });
  if (!answer.ok) return;
  const { items } = await answer.json();
  if (!items.length) return;
  place.hidden = false;
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", "Chart of what was earned per month; the table below says the same.");
  await document.fonts.load("13px Plex Sans");
  draw(place, items);
  place.parentElement.querySelector("details.as-table").open = false;
  let width = place.clientWidth;
  new ResizeObserver(() => {
    if (place.clientWidth !== width) { width = place.clientWidth; draw(place, items); }
  }).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(place, items));
}

document.addEventListener("DOMContentLoaded", () => {
  for (const place of document.querySelectorAll("[data-chart]")) begin(place);
});

// What script adds to pages that work without it: copying with one click, menus that close by themselves, dialogs
// over the page, notices that leave, a key for the search. Words come from the page, in its language.

"use strict";

const LEAVES_AFTER_MS = 7000;
const COPIED_FOR_MS = 1800;

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without TLS browsers keep the clipboard to themselves; what is selected can be copied all the same.
  const field = Object.assign(document.createElement("textarea"), { value: text, readOnly: true });
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

function offerCopying(button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (button.dataset.words) return; // says "Copied" still
    await copy(button.dataset.copy);
    button.dataset.words = button.textContent;
    button.textContent = button.dataset.copiedWords ?? "✓";
    announce(button.dataset.copiedWords ?? "");
    setTimeout(() => {
      button.textContent = button.dataset.words;
      delete button.dataset.words;
    }, COPIED_FOR_MS);
  });
}

function announce(words) {
  let place = document.getElementById("announced");
  if (!place) {
    place = Object.assign(document.createElement("p"), { id: "announced", className: "visually-hidden" });
    place.setAttribute("role", "status");
    document.body.append(place);
  }
  place.textContent = "";
  requestAnimationFrame(() => { place.textContent = words; });
}

function closeButton(words, close) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "close", textContent: "×" });
  button.setAttribute("aria-label", words ?? "×");
  button.addEventListener("click", close);
  return button;
}

// What was just done leaves by itself, but never while somebody points at it or has the focus in it.
function letLeave(toast) {
  let timer;
  const wait = () => { timer = setTimeout(() => toast.remove(), LEAVES_AFTER_MS); };
  const stay = () => clearTimeout(timer);
  for (const name of ["mouseenter", "focusin"]) toast.addEventListener(name, stay);
  for (const name of ["mouseleave", "focusout"]) toast.addEventListener(name, wait);
  toast.append(closeButton(toast.dataset.closeWords, () => toast.remove()));
  if (!toast.classList.contains("bad")) wait();
}

// A disclosure becomes a dialog: the browser keeps the focus inside, closes it at Escape and gives the focus back.
function makeDialog(details) {
  const summary = details.querySelector("summary");
  const body = details.querySelector(".dialog-body");
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", `${details.id}-title`);
  dialog.append(body);
  body.prepend(closeButton(body.dataset.closeWords, () => dialog.close()));
  details.after(dialog);
  summary.setAttribute("aria-haspopup", "dialog");
  summary.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.showModal();
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => summary.focus());
  if (details.open || body.querySelector("[aria-invalid], [data-errors]")) { // a form that came back with its errors
    details.open = false;
    dialog.showModal();
  }
}

const MENUS = "details.who[open], details.menu[open]";

function closeMenus(event) {
  for (const menu of document.querySelectorAll(MENUS)) {
    if (event.type === "click" ? menu.contains(event.target) : event.key !== "Escape") continue;
    menu.open = false;
    if (event.type === "keydown" && menu.contains(document.activeElement)) menu.querySelector("summary").focus();
  }
}

function findByKey(event) {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable], dialog");
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.querySelector("[data-search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
}

function enliven(within) {
  const each = (selector, make) => {
    if (within.matches?.(selector)) make(within);
    within.querySelectorAll(selector).forEach(make);
  };
  each("button[data-copy]", offerCopying);
  each("[data-toast]", letLeave);
  each("details[data-dialog]", makeDialog);
}

document.addEventListener("click", closeMenus);
document.addEventListener("keydown", closeMenus);
document.addEventListener("keydown", findByKey);
// A part of a page that is refused (a session that ended, say) is asked for again as a whole page, which explains.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.requestConfig.verb === "get") location.assign(event.detail.pathInfo.finalRequestPath);
});
document.addEventListener("DOMContentLoaded", () => {
  enliven(document);
  if (performance.getEntriesByType("navigation")[0]?.responseStatus === 422) document.querySelector("[data-errors]")?.focus();
});
document.addEventListener("htmx:load", (event) => {
  if (event.target !== document.body) enliven(event.target);
});

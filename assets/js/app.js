// What script adds to pages that work without it: buttons that copy, menus that close when one clicks elsewhere.

"use strict";

function offerCopying(within) {
  if (!navigator.clipboard) return;
  for (const button of within.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      const words = button.textContent;
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = words; }, 1500);
    });
  }
}

function closeMenus(event) {
  for (const menu of document.querySelectorAll("details.who[open]")) {
    const isLeft = event.type === "click" ? !menu.contains(event.target) : event.key === "Escape";
    if (isLeft) menu.open = false;
  }
}

document.addEventListener("click", closeMenus);
document.addEventListener("keydown", closeMenus);
// A part of a page that is refused (a session that ended, say) is asked for again as a whole page, which explains.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.requestConfig.verb === "get") location.assign(event.detail.pathInfo.finalRequestPath);
});
document.addEventListener("DOMContentLoaded", () => offerCopying(document));
document.addEventListener("htmx:load", (event) => {
  if (event.target !== document.body) offerCopying(event.target);
});

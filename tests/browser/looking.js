// What a careful eye would find wrong with the page as it stands now: one sentence for each finding.
() => {
  const SLACK = 1.5; // rounding of half pixels
  const found = [];
  const name = (one) => {
    const words = (one.textContent || one.value || one.alt || "").trim().replace(/\s+/g, " ").slice(0, 40);
    return `<${one.tagName.toLowerCase()}${one.className && typeof one.className === "string" ? ` class=${one.className}` : ""}> ${words}`;
  };
  const isVisible = (one) => one.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const all = [...document.body.querySelectorAll("*")].filter(isVisible);
  const style = new Map(all.map((one) => [one, getComputedStyle(one)]));
  const isHiddenFromEyes = (one) => {
    for (let up = one; up && up !== document.body; up = up.parentElement) {
      const box = up.getBoundingClientRect();
      const its = getComputedStyle(up);
      if (box.width <= 1 || box.height <= 1 || (its.clip !== "auto" && its.position === "absolute") || its.clipPath === "inset(50%)") return true;
      if ((its.position === "absolute" || its.position === "fixed") && (box.right <= 0 || box.bottom <= 0)) return true;
    }
    return false;
  };
  const scroller = (one) => one.closest(".scroll") || [...document.querySelectorAll("pre, textarea")].find((up) => up.contains(one));
  const isPainted = (one) => !(one.closest("svg") || one.closest("canvas") || one.closest(".uplot"));

  // The page itself never scrolls sideways.
  if (document.documentElement.scrollWidth > innerWidth) {
    const widest = all.filter((one) => one.getBoundingClientRect().right > innerWidth + SLACK && !scroller(one)).at(-1);
    found.push(`wider than the screen by ${document.documentElement.scrollWidth - innerWidth}: ${widest ? name(widest) : "?"}`);
  }

  // A place that is kept for a drawing holds one, or gives way to the table.
  for (const one of document.querySelectorAll(".chart:not(.failed)")) {
    if (matchMedia("(scripting: enabled)").matches && !one.querySelector("canvas")) found.push(`a chart that nobody drew: ${one.getAttribute("aria-label")}`);
  }

  // Words are seen whole: what hides what flows over it hides nothing, and nothing is drawn past its own box.
  for (const one of all.filter(isPainted)) {
    const its = style.get(one);
    if (its.display.startsWith("inline") && its.display !== "inline-block" && its.display !== "inline-flex") continue;
    if (["auto", "scroll"].includes(its.overflowX) || ["TEXTAREA", "SELECT", "INPUT", "IMG"].includes(one.tagName)) continue;
    if (isHiddenFromEyes(one) || !one.textContent.trim()) continue;
    // A line that ends in dots is whole in what its summary opens; a sign on a corner may lie over the edge.
    if (its.textOverflow === "ellipsis" && one.closest("summary")) continue;
    if ([...one.children].some((child) => style.get(child)?.position === "absolute")) continue;
    if (one.clientWidth && one.scrollWidth > one.clientWidth + SLACK && !one.querySelector(".scroll, pre, details")) found.push(`cut off or spilling over: ${name(one)}`);
    else if (["hidden", "clip"].includes(its.overflowY) && one.scrollHeight > one.clientHeight + SLACK) found.push(`cut off below: ${name(one)}`);
  }

  // Nothing lies on top of anything else: words, fields, buttons and pictures each have their own place.
  const places = [];
  for (const one of all.filter(isPainted)) {
    const its = style.get(one);
    if (its.position === "fixed" || its.position === "sticky" || one.closest("dialog, [popover], details .who-menu")) continue;
    const own = [...one.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    const rects = [];
    for (const node of own) {
      const range = document.createRange();
      range.selectNodeContents(node);
      rects.push(...range.getClientRects());
    }
    if (["INPUT", "SELECT", "TEXTAREA", "BUTTON", "IMG", "CANVAS"].includes(one.tagName)) rects.push(one.getBoundingClientRect());
    if (!rects.length || isHiddenFromEyes(one)) continue;
    for (const rect of rects) {
      const seen = { one, left: rect.left, right: rect.right, top: rect.top, bottom: rect.bottom };
      for (let up = one; up !== document.body; up = up.parentElement) {
        if (getComputedStyle(up).overflowX === "visible") continue; // else only what is inside is seen
        const box = up.getBoundingClientRect();
        seen.left = Math.max(seen.left, box.left);
        seen.right = Math.min(seen.right, box.right);
        seen.top = Math.max(seen.top, box.top);
        seen.bottom = Math.min(seen.bottom, box.bottom);
      }
      if (seen.right - seen.left >= 1 && seen.bottom - seen.top >= 1) places.push(seen);
    }
  }
  places.sort((a, b) => a.top - b.top);
  const told = new Set();
  for (let i = 0; i < places.length; i += 1) {
    const a = places[i];
    for (let j = i + 1; j < places.length && places[j].top < a.bottom - 3; j += 1) {
      const b = places[j];
      if (a.one === b.one || a.one.contains(b.one) || b.one.contains(a.one)) continue;
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across <= 2 || down <= 4) continue; // line boxes may touch by a hair
      const sentence = `on top of each other: ${name(a.one)} | ${name(b.one)}`;
      if (!told.has(sentence)) found.push(sentence);
      told.add(sentence);
    }
  }

  // One first heading; everything that can be used has a name; pictures keep their place before they come.
  const headings = document.querySelectorAll("h1").length;
  if (headings !== 1) found.push(`${headings} first headings`);
  for (const one of document.querySelectorAll("a[href], button, summary")) {
    if (!one.textContent.trim() && !one.ariaLabel && !one.querySelector("img[alt]:not([alt=''])")) found.push(`without a name: ${one.outerHTML}`);
  }
  for (const one of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!one.labels.length && !one.ariaHidden && !one.ariaLabel && !one.getAttribute("aria-labelledby")) found.push(`without a label: ${one.outerHTML}`);
  }
  for (const one of document.querySelectorAll("img")) {
    if (!one.hasAttribute("alt")) found.push(`a picture without words: ${one.outerHTML}`);
    const hasSize = one.getAttribute("width") && one.getAttribute("height");
    const hasFrame = getComputedStyle(one.parentElement).aspectRatio !== "auto"; // which keeps its place
    if (!hasSize && !hasFrame) found.push(`a picture without its size: ${one.outerHTML}`);
  }
  return found;
}

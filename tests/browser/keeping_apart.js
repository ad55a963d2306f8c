// Where a name that runs from right to left stands in one line with other words, and could turn them around.
() => {
  const letters = /[\u0590-\u08ff]/;
  const isolated = /[\u2066-\u2068][^\u2069]*[\u0590-\u08ff][^\u2069]*\u2069/;
  const flows = (one) => {
    const its = getComputedStyle(one);
    return its.display === "inline" && !/isolate|plaintext/.test(its.unicodeBidi);
  };
  const hasWordsBesides = (scope, node) => [...scope.childNodes].some((one) => {
    if (one.nodeType === Node.TEXT_NODE) return one !== node && one.data.trim();
    return one.nodeType === Node.ELEMENT_NODE && flows(one) && hasWordsBesides(one, node);
  });
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!letters.test(node.data) || isolated.test(node.data) || !node.parentElement.checkVisibility()) continue;
    let scope = node.parentElement;
    while (flows(scope)) scope = scope.parentElement;
    if (hasWordsBesides(scope, node)) found.push(`not kept apart: ${scope.outerHTML.slice(0, 160)}`);
  }
  return found;
}

/* Puts a live block, which the server sends as HTML, into the page without disturbing its reader:
   what is the same stays in place, so focus, scrolling and an open detail survive a refresh. */
(function () {
  "use strict";

  function sameShape(old, fresh) {
    return old.nodeName === fresh.nodeName && old.childNodes.length === fresh.childNodes.length;
  }

  function updateAttributes(old, fresh) {
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of Array.from(old.attributes)) {
      if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    }
  }

  function update(old, fresh) {
    if (!sameShape(old, fresh)) {
      old.replaceWith(fresh);
    } else if (old.nodeType === Node.ELEMENT_NODE) {
      updateAttributes(old, fresh);
      const pairs = Array.from(old.childNodes).map((node, i) => [node, fresh.childNodes[i]]);
      pairs.forEach(([node, next]) => update(node, next));
    } else if (old.nodeValue !== fresh.nodeValue) {
      old.nodeValue = fresh.nodeValue;
    }
  }

  function show(live) {
    if (!live) return null;
    const block = document.getElementById("live");
    if (block && typeof live.html === "string") {
      const body = new DOMParser().parseFromString(live.html, "text/html").body;
      if (block.childNodes.length === body.childNodes.length) {
        const pairs = Array.from(block.childNodes).map((node, i) => [node, body.childNodes[i]]);
        pairs.forEach(([node, next]) => update(node, next));
      } else {
        block.replaceChildren(...body.childNodes);
      }
    }
    if (live.words) document.getElementById("status").textContent = live.words;
    return null;
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, { live: { show } });
})();

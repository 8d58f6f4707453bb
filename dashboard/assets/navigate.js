/* From page to page without loading everything again: the next document is fetched, its header and
   content take the place of the present ones, and Dash is told the new address. Whatever is unusual
   (another language, a login, an error of the network) is left to the browser itself. Without
   scripts all of this is plain links and forms.

   Also: filters that show at once, the menu of narrow screens, pages that come again by themselves,
   the panel in which a passport opens, and the word when a session has ended. */
(function () {
  "use strict";
  const PARTS = ["header", "content"];
  let asked = 0;

  const status = () => document.getElementById("status");
  const say = (words) => { status().textContent = words; };

  function isOurs(url) {
    return url.origin === window.location.origin && !/\/(csv|assets|esci|accesso)(\/|$)/.test(url.pathname);
  }

  // Dash hears of an address that has changed by itself; of one that came again it must be told.
  let told = window.location.href;
  function tellDash() {
    if (told === window.location.href) window.dash_clientside.set_props("again", { data: Date.now() });
    told = window.location.href;
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
  }

  function putStyles(fresh) {
    const known = Array.from(document.querySelectorAll("link[rel=stylesheet]"), (l) => l.href);
    for (const link of fresh.querySelectorAll("link[rel=stylesheet]")) {
      if (!known.includes(link.href)) document.head.append(document.importNode(link, true));
    }
  }

  function put(fresh) {
    for (const place of document.querySelectorAll(".js-plotly-plot")) window.Plotly.purge(place);
    putStyles(fresh);
    delete document.body.dataset.drawn;
    for (const id of PARTS) document.getElementById(id).replaceWith(fresh.getElementById(id));
    document.title = fresh.title;
    shown = bare();
    prepare();
  }

  function focusAgain(id, position) {
    const control = id && document.getElementById(id);
    if (control) {
      control.focus({ preventScroll: true });
      window.scrollTo(0, position);
      return;
    }
    const heading = document.querySelector("main h1") || document.getElementById("content");
    heading.setAttribute("tabindex", "-1");
    heading.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  async function go(address, { push = true, keep = null, quiet = false } = {}) {
    const mine = ++asked;
    const url = new URL(address, window.location.href);
    const position = window.scrollY;
    document.getElementById("content").setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { headers: { "X-Requested-With": "navigate" } });
      const text = await answer.text();
      if (mine !== asked) return;
      const fresh = new DOMParser().parseFromString(text, "text/html");
      const complete = PARTS.every((id) => fresh.getElementById(id));
      const language = fresh.documentElement.lang;
      if (!complete || language !== document.documentElement.lang || !isOurs(new URL(answer.url))) {
        window.location.assign(answer.url || url);
        return;
      }
      closePanel();
      if (push) window.history.pushState(null, "", answer.url + url.hash);
      put(fresh);
      if (!quiet) {
        focusAgain(keep, position);
        say(`${status().dataset.updated}: ${document.title}`);
      }
      const target = url.hash && document.getElementById(url.hash.slice(1));
      if (target) target.scrollIntoView();
      tellDash();
    } catch (error) {
      if (mine === asked && !quiet) window.location.assign(url);
    } finally {
      document.getElementById("content").removeAttribute("aria-busy");
    }
  }

  function plainClick(event) {
    return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
      && !event.defaultPrevented;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href]");
    if (!link || !plainClick(event) || link.target || link.hasAttribute("download")) return;
    const url = new URL(link.href instanceof Object ? link.href.baseVal : link.href, window.location.href);
    if (link.dataset.figure) {
      event.preventDefault();
      openPanel(link);
    } else if (isOurs(url) && !link.hrefLang && !onThisPage(url)) {
      event.preventDefault();
      go(url, { keep: link.closest(".switch, .sorts") ? link.id : null });
    }
  });

  function onThisPage(url) {
    const here = window.location;
    return url.hash && url.pathname === here.pathname && url.search === here.search;
  }

  function addressOf(form) {
    const given = new URLSearchParams();
    for (const [key, value] of new FormData(form)) if (value !== "") given.append(key, value);
    const query = given.toString();
    return form.action.split("?")[0] + (query ? `?${query}` : "");
  }

  document.addEventListener("submit", (event) => {
    if (event.target.method !== "get") return;
    event.preventDefault();
    go(addressOf(event.target), { keep: event.submitter && event.submitter.id });
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form.filters");
    if (form && event.target.checkValidity()) go(addressOf(form), { keep: event.target.id });
  });
  const bare = () => window.location.href.split("#")[0];
  let shown = bare();  // a link within the page changes the address as well
  window.addEventListener("popstate", () => {
    if (bare() !== shown) go(window.location.href, { push: false });
  });

  /* What a fresh content needs. */
  let again = null;
  function prepare() {
    window.clearTimeout(again);
    const waits = document.querySelector("[data-again-s]");
    if (waits) {
      const come = () => go(window.location.href, { push: false, quiet: true });
      again = window.setTimeout(come, 1000 * Number(waits.dataset.againS));
    }
    const button = document.querySelector(".menu-button");
    if (button) {
      button.addEventListener("click", () => {
        const open = button.getAttribute("aria-expanded") !== "true";
        button.setAttribute("aria-expanded", String(open));
        document.getElementById("menu").classList.toggle("open", open);
      });
    }
  }

  /* The passport of a figure, beside the page. */
  let opener = null;
  function openPanel(link) {
    if (!link.closest("#panel")) opener = link;
    window.dash_clientside.set_props("passport-asked", { data: link.dataset.figure });
  }
  function showPanel(html) {
    if (typeof html !== "string") return null;
    const panel = document.getElementById("panel");
    const body = new DOMParser().parseFromString(html, "text/html").body;
    document.getElementById("panel-content").replaceChildren(...body.childNodes);
    panel.hidden = false;
    panel.focus();
    return null;
  }
  function closePanel() {
    const panel = document.getElementById("panel");
    if (panel.hidden) return;
    panel.hidden = true;
    window.dash_clientside.set_props("passport-asked", { data: null });
    if (opener && document.contains(opener)) opener.focus();
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") closePanel(); });
  document.addEventListener("click", (event) => {
    if (event.target.closest && event.target.closest("#panel .close")) closePanel();
  });

  /* Dash tells nobody that a session has ended or the server is away. */
  function sessionEnded() {
    const words = status().dataset.ended;
    say(words);
    if (document.querySelector(".session-ended")) return;
    const link = Object.assign(document.createElement("a"), { href: window.location.href, textContent: words });
    const told = Object.assign(document.createElement("p"), { className: "notice session-ended" });
    told.append(link);
    document.getElementById("content").prepend(told);
  }

  const plainFetch = window.fetch;
  window.fetch = async function (...wanted) {
    try {
      const answer = await plainFetch.apply(this, wanted);
      if ([401, 403].includes(answer.status) && String(answer.url).includes("/_dash-")) sessionEnded();
      return answer;
    } catch (error) {
      say(status().dataset.away);
      throw error;
    }
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, { panel: { show: showPanel } });
  document.documentElement.classList.add("scripted");
  prepare();
})();

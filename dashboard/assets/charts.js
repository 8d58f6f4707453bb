/* Draws the figures that Dash brings into the places that the document left for them. A figure that
   belongs to a page which has been left meanwhile has no place and is dropped. */
(function () {
  "use strict";

  function failed(place) {
    const words = document.getElementById("status").dataset.chartFailed;
    const told = document.createElement("p");
    told.className = "chart-waits";
    told.textContent = words;
    place.replaceChildren(told);
  }

  function draw(place, figure, config) {
    if (!figure) return failed(place);
    const waits = place.querySelector(".chart-waits");
    if (waits) waits.remove();
    const layout = Object.assign({}, figure.layout, { height: undefined, autosize: true });
    return window.Plotly.react(place, figure.data, layout, config);
  }

  function show(charts) {
    if (!charts || charts.href.split("#")[0] !== window.location.href.split("#")[0]) return null;
    for (const place of document.querySelectorAll("[data-chart]")) {
      if (place.dataset.chart in charts.figures) {
        draw(place, charts.figures[place.dataset.chart], charts.config);
      } else if (place.querySelector(".chart-waits")) {
        failed(place);
      }
    }
    document.body.dataset.drawn = "true";
    return null;
  }

  // On paper a chart has the width of the paper (A4 without its margins), not of the screen: browsers
  // lay the page out for paper only after they have said so.
  const PAPER_PX = 690;
  const COLUMN = { width: PAPER_PX / 2 - 20, height: 230, "font.size": 10, "legend.font.size": 10 };
  const SCREEN = { autosize: true, width: null, height: null, "font.size": 14, "legend.font.size": 14 };
  const plots = () => document.querySelectorAll(".js-plotly-plot");
  function fitPaper() {
    for (const place of plots()) {
      const page = { width: Math.min(PAPER_PX, place.clientWidth) };
      const size = place.closest(".columns") ? COLUMN : page;
      window.Plotly.relayout(place, Object.assign({ autosize: false }, size));
    }
  }
  function fitScreen() {
    for (const place of plots()) window.Plotly.relayout(place, SCREEN);
  }
  window.addEventListener("beforeprint", fitPaper);
  window.addEventListener("afterprint", fitScreen);

  window.dash_clientside = Object.assign({}, window.dash_clientside, { charts: { show } });
})();

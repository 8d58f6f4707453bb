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

  // On paper a chart has the width of the paper, not of the screen.
  function resize() {
    for (const place of document.querySelectorAll(".js-plotly-plot")) window.Plotly.Plots.resize(place);
  }
  window.addEventListener("beforeprint", resize);
  window.addEventListener("afterprint", resize);

  window.dash_clientside = Object.assign({}, window.dash_clientside, { charts: { show } });
})();

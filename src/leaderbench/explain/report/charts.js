// Charts of a report and of the site: Vega-Lite from the page, drawn as SVG. Colours are CSS variables, so that a change
// of theme draws nothing anew.
(() => {
  "use strict";
  const narrow = matchMedia("screen and (max-width: 45rem)");
  const look = () => {
    const font = getComputedStyle(document.documentElement).getPropertyValue("--text").trim();
    const soft = "var(--soft)", ink = "var(--ink)", line = "var(--line)";
    return {
      background: "transparent",
      font,
      axis: {
        domainColor: line, gridColor: line, tickColor: line, labelColor: ink, titleColor: soft,
        labelFontSize: narrow.matches ? 11 : 12, titleFontSize: 12, titleFontWeight: 400, titlePadding: 10,
        labelPadding: 6, labelSeparation: 6, labelLimit: narrow.matches ? 124 : 240,
      },
      legend: { labelColor: ink, titleColor: soft, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 400 },
      header: { labelColor: ink, titleColor: soft },
      title: { color: ink, subtitleColor: soft },
      text: { color: ink, fontSize: 12 },
      rule: { color: ink },
      view: { stroke: null },
    };
  };
  const draw = async (figure) => {
    const target = figure.querySelector(".chart");
    target.style.minHeight = `${target.offsetHeight}px`; // it is emptied before it is filled
    try {
      const spec = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
      delete spec.$schema;
      delete spec.usermeta;
      const drawn = await vegaEmbed(target, spec, {
        mode: "vega-lite", renderer: "svg", ast: true, actions: false, defaultStyle: false, config: look(),
        tooltip: { disableDefaultStyle: true },
      });
      figure.redraw = () => { drawn.finalize(); return draw(figure); };
      figure.dataset.drawn = "yes";
      target.style.minHeight = "";
    } catch (error) {
      target.textContent = figure.dataset.failed;
      figure.dataset.drawn = "no";
      console.error(error);
    }
  };
  const figures = [...document.querySelectorAll("figure[data-failed]")];
  narrow.addEventListener("change", () => figures.forEach((figure) => figure.redraw && figure.redraw()));
  Promise.all(figures.map(draw)).then(() => { document.documentElement.dataset.ready = "yes"; });
})();

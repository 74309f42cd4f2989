// The chart of the compared runs: drawn by the copy of plotly.js that the learning curves have brought.

const chartOf = (model) => {
  const chart = made("div", "rml-cmp-chart");
  chart.setAttribute("role", "group");
  let plotly = null;
  let stale = true;
  let visible = false;

  const draw = () => {
    const { figure, counts, points } = model.get("shown");
    if (!plotly || !figure || !stale || !visible || document.hidden || !chart.offsetWidth) return;
    stale = false;
    const columns = cut(floats(points), counts);
    const traces = figure.data.map((trace, i) => ({ ...trace, x: columns[2 * i], y: columns[2 * i + 1] }));
    plotly.react(chart, traces, structuredClone(figure.layout), CONFIG);
  };
  const refresh = () => {
    const { title, figure } = model.get("shown");
    if (!figure) return;
    chart.setAttribute("aria-label", `Chart: ${title}`);
    chart.style.minHeight = `${figure.layout.height}px`;
    stale = true;
    draw();
  };
  const resized = new ResizeObserver(refresh);
  resized.observe(chart);
  const watcher = new IntersectionObserver((entries) => {
    visible = entries.at(-1).isIntersecting;
    draw();
  });
  watcher.observe(chart);
  document.addEventListener("visibilitychange", draw);
  plotlyPlace(model).promise.then(
    (library) => {
      plotly = library;
      draw();
    },
    (error) => say(chart, `The chart could not be loaded: ${error.message}. Reload the page.`),
  );
  const end = () => {
    resized.disconnect();
    watcher.disconnect();
    document.removeEventListener("visibilitychange", draw);
    plotly?.purge(chart);
  };
  return { chart, refresh, end };
};

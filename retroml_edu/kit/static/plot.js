// A chart: traces and layout as Python has them, numbers from binary columns, colours from the theme.

const ROOMY_PX = 450; // a scene of this width, beside its colour bar, has room for the names of its axes
const REST_MS = 330; // between two landscapes: where no graphics card draws them, each blocks the page for long
const HURRY_MS = 4000; // after which a chart asks for the library itself, if who asked before it has gone

// Each time twice as long: a kernel that is busy with a cell answers all of them in the end, with five megabytes each.
const isTimeToAsk = (place) => {
  const now = performance.now();
  if (place.loading || now < (place.asksAgain ?? 0)) return false;
  place.patience = 2 * (place.patience ?? HURRY_MS / 2);
  place.asksAgain = now + place.patience;
  return true;
};

const askForPlotly = (model) => {
  const place = plotlyPlace(model);
  let done = false;
  const ask = () => {
    if (!done && isTimeToAsk(place)) model.send({ action: "plotly" });
  };
  const heard = (message, [code]) => {
    if (message.kind === "plotly") loadPlotlyFrom(place, code);
  };
  model.on("msg:custom", heard);
  const again = setInterval(ask, HURRY_MS / 4);
  const end = () => {
    done = true;
    clearInterval(again);
    model.off("msg:custom", heard);
  };
  place.promise.then(end, end);
  ask();
  return end;
};

const columnsOf = (views) => views.map((view) => floats(view));

// Rows of a table of numbers, as plotly wants them for heat maps and surfaces.
const shaped = (column, [rows, width]) => (width === undefined ? column : Array.from({ length: rows }, (_, i) => column.subarray(i * width, (i + 1) * width)));

const colourOf = (text, palette) =>
  text.replace(/\$([a-z]+\d?)(?:\/([\d.]+))?/g, (whole, name, alpha) => {
    const colour = palette[name];
    if (!colour) return whole;
    if (!alpha) return colour;
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    return `rgba(${r}, ${g}, ${b}, ${alpha})`;
  });

const isLandscape = (traces) => traces.some(({ type }) => type === "surface" || type === "scatter3d");

const unpacked = (value, columns, palette) => {
  if (typeof value === "string") return value.includes("$") ? colourOf(value, palette) : value;
  if (Array.isArray(value)) return value.map((each) => unpacked(each, columns, palette));
  if (value === null || typeof value !== "object") return value;
  if ("$column" in value) return shaped(columns[value.$column], value.shape);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, unpacked(each, columns, palette)]));
};

// A scene in a narrow place is cut off at its sides: it is looked at from farther away.
const seenWhole = (layout, width) => {
  const eye = layout.scene?.camera?.eye;
  const away = Math.max(1, ROOMY_PX / width);
  if (eye && away > 1) layout.scene.camera.eye = Object.fromEntries(Object.entries(eye).map(([axis, at]) => [axis, at * away]));
  return layout;
};

export default {
  render({ model, el }) {
    el.classList.add("rml-plot");
    const chart = document.createElement("div");
    chart.setAttribute("role", "group");
    el.append(chart);
    let plotly = null;
    let visible = false;
    let stale = true;
    let dark = false;
    let rests = 0; // a timer while a landscape rests: then the newest one is drawn, those between are left out
    const draw = () => {
      if (!plotly || !stale || !visible || rests || !chart.offsetWidth) return;
      stale = false;
      const { traces, layout, columns } = model.get("figure");
      const palette = model.get("palettes")[dark ? "dark" : "light"];
      const data = columnsOf(columns);
      plotly.react(chart, unpacked(traces, data, palette), seenWhole(unpacked(layout, data, palette), chart.offsetWidth), { ...CONFIG, displayModeBar: "hover", responsive: true });
      if (isLandscape(traces)) rest();
    };
    const rest = () => {
      const awake = () => {
        rests = 0;
        draw();
      };
      rests = setTimeout(() => requestAnimationFrame(() => (rests = setTimeout(awake, REST_MS))), 0); // once it is painted
    };
    const refresh = () => {
      chart.style.minHeight = `${model.get("figure").layout.height}px`;
      chart.setAttribute("aria-label", model.get("label"));
      stale = true;
      requestAnimationFrame(draw);
    };
    // A little before it is scrolled to; the notebook scrolls within the page, which not every browser lets us ask of.
    const ahead = { rootMargin: "400px", scrollMargin: "400px" };
    const watcher = new IntersectionObserver((entries) => {
      visible = entries.at(-1).isIntersecting;
      draw();
    }, ahead);
    watcher.observe(chart);
    const resized = new ResizeObserver(refresh);
    resized.observe(el);
    const forget = followTheme(el, (now) => {
      dark = now;
      refresh();
    });
    const endAsking = askForPlotly(model);
    plotlyPlace(model).promise.then(
      (library) => {
        plotly = library;
        draw();
      },
      (error) => (chart.textContent = `The chart could not be loaded: ${error.message}. Reload the page.`),
    );
    model.on("change:figure", refresh);
    model.on("change:label", refresh);
    refresh();
    return () => {
      clearTimeout(rests);
      endAsking();
      forget();
      watcher.disconnect();
      resized.disconnect();
      model.off("change:figure", refresh);
      model.off("change:label", refresh);
      plotly?.purge(chart);
      plotly = null; // nothing that still waits draws into what is gone
    };
  },
};

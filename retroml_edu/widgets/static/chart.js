// The live chart: plotly.js draws what the page holds; what comes from Python are the points that are new.

const CONFIG = { displaylogo: false };
const SHARE = 0.03; // of the page's time that drawing may take: the same cores train
const SOONEST_MS = 250;
const LATEST_MS = 3000;

// Once a page, whatever the number of panels: the library is five megabytes.
const load = (model) => {
  const key = Symbol.for(`retroml_edu plotly ${model.get("plotly_version")}`);
  globalThis[key] ??= (async () => {
    const others = globalThis.Plotly;
    const url = URL.createObjectURL(new Blob([model.get("plotly")], { type: "text/javascript" }));
    await import(/* webpackIgnore: true */ url);
    URL.revokeObjectURL(url);
    const ours = globalThis.Plotly;
    globalThis.Plotly = others;
    return ours;
  })();
  return globalThis[key];
};

const floats = (view) => new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

const cut = (values, counts) => {
  let at = 0;
  return counts.map((count) => values.subarray(at, (at += count)));
};

const grown = (column, keep, tail) => {
  const next = new Float32Array(keep + tail.length);
  next.set(column.subarray(0, keep));
  next.set(tail, keep);
  return next;
};

// A property by its path, such as "annotations[4].visible".
const put = (object, path, value) => {
  const names = path.replace(/\[(\d+)\]/g, ".$1").split(".");
  const last = names.pop();
  names.reduce((owner, name) => owner[name], object)[last] = value;
};

export default () => {
  let columns = [];
  let layout = {};
  const views = new Set();
  const changed = (atOnce) => views.forEach((want) => want(atOnce));

  const initialize = ({ model }) => follow(
    model,
    (whole, [points]) => {
      columns = cut(floats(points), whole.counts);
      layout = whole.layout;
      changed(true);
    },
    (change, [points]) => {
      const tails = cut(floats(points), change.tails.map(([, , count]) => count));
      change.tails.forEach(([column, keep], i) => (columns[column] = grown(columns[column], keep, tails[i])));
      layout = { ...layout, ...change.layout };
      changed(change.at_once);
    },
  );

  const render = ({ model, el }) => {
    el.classList.add("rml-chart");
    const chart = document.createElement("div");
    chart.style.minHeight = `${model.get("figure").layout.height}px`;
    el.append(chart);

    let plotly = null;
    let stale = true;
    let visible = false;
    let timer = 0;
    let next = 0;
    const draw = (unseen) => {
      if (!plotly || !stale || !(unseen || (visible && !document.hidden))) return;
      stale = false;
      const began = performance.now();
      const figure = model.get("figure");
      const traces = figure.data.map((trace, i) => {
        const [x, y] = figure.columns[i].map((number) => columns[number]);
        return { ...trace, x, y };
      });
      const now = structuredClone(figure.layout);
      for (const path in layout) put(now, path, layout[path]);
      plotly.react(chart, traces, now, CONFIG);
      const took = performance.now() - began;
      next = began + Math.min(Math.max(took / SHARE, SOONEST_MS), LATEST_MS);
    };
    const want = (atOnce) => {
      stale = true;
      clearTimeout(timer);
      timer = setTimeout(() => draw(), atOnce ? 0 : Math.max(0, next - performance.now()));
    };
    const relay = () => {
      stale = true;
      draw(true); // its size and looks are right before somebody scrolls to it
    };
    const resized = new ResizeObserver(relay);
    resized.observe(el);
    const watcher = new IntersectionObserver((entries) => {
      visible = entries.at(-1).isIntersecting;
      if (visible && stale) draw();
    });
    watcher.observe(chart);
    const shown = () => stale && draw();
    document.addEventListener("visibilitychange", shown);
    views.add(want);
    model.on("change:figure", relay);
    load(model).then(
      (library) => {
        plotly = library;
        draw(true);
      },
      (error) => {
        chart.textContent = `The chart could not be loaded: ${error.message}. Reload the page.`;
      },
    );
    return () => {
      views.delete(want);
      clearTimeout(timer);
      watcher.disconnect();
      resized.disconnect();
      document.removeEventListener("visibilitychange", shown);
      model.off("change:figure", relay);
      plotly?.purge(chart);
    };
  };

  return { initialize, render };
};

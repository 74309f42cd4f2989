// The live chart: plotly.js draws what the page holds; what comes from Python are the points that are new.

const SHARE = 0.03; // of the page's time that drawing may take: the same cores train
const SOONEST_MS = 250;
const LATEST_MS = 3000;
// A game that is learned within seconds is seen to be: the first pictures of a curve come sooner, whatever they cost.
const FIRST = 10;
const LATEST_OF_FIRST_MS = 600;

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
  let figureNow = () => null;
  let drawn = 0;
  const views = new Set();
  const changed = (atOnce) => views.forEach((want) => want(atOnce));
  const pitch = makePitch(() => {
    const { columns: places, heard } = figureNow();
    const [step, value] = places[heard.trace].map((number) => columns[number] ?? []);
    return { step, value, goal: heard.goal };
  });

  const initialize = ({ model }) => {
    figureNow = () => model.get("figure");
    return follow(model, takeWhole, takeChange);
  };
  const takeWhole = (whole, [points]) => {
    columns = cut(floats(points), whole.counts);
    layout = whole.layout;
    drawn = 0;
    pitch.hush();
    changed(true);
  };
  const takeChange = (change, [points]) => {
    const tails = cut(floats(points), change.tails.map(([, , count]) => count));
    change.tails.forEach(([column, keep], i) => (columns[column] = grown(columns[column], keep, tails[i])));
    layout = { ...layout, ...change.layout };
    if (change.at_once) pitch.hush(); // it pauses, or has ended
    else pitch.heard();
    changed(change.at_once);
  };

  const render = ({ model, el }) => {
    el.classList.add("rml-chart");
    const chart = document.createElement("div");
    chart.style.minHeight = `${model.get("figure").layout.height}px`;
    const { head, fold, body } = makeCard(el, "Learning curves");
    body.append(chart);
    const silence = pitch.show(head, chart);

    let plotly = null;
    let mark = null;
    let stale = true;
    let visible = false;
    let timer = 0;
    let next = 0;
    const draw = (unseen) => {
      if (!plotly || !stale || !chart.offsetWidth || !(unseen || (visible && !document.hidden))) return;
      stale = false;
      const began = performance.now();
      const figure = model.get("figure");
      const traces = figure.data.map((trace, i) => {
        const [x, y] = figure.columns[i].map((number) => columns[number]);
        return { ...trace, x, y };
      });
      const now = structuredClone(figure.layout);
      for (const path in layout) put(now, path, layout[path]);
      if (mark) addMark(figure.marks, traces, now, mark);
      if (figure.expected) traces.push(figure.expected);
      plotly.react(chart, traces, now, CONFIG);
      const took = performance.now() - began;
      drawn += 1;
      next = began + Math.min(Math.max(took / SHARE, SOONEST_MS), drawn < FIRST ? LATEST_OF_FIRST_MS : LATEST_MS);
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
    // Insights of the same panel say what is to be marked; it is drawn with the curve, which may grow meanwhile.
    const marked = ({ target, detail }) => {
      if (target.closest(".rml-panel") !== el.closest(".rml-panel")) return;
      const moved = mark && detail.mark && mark.rule === detail.mark.rule;
      mark = detail.mark;
      want(!moved);
      if (!detail.show) return;
      if (body.hidden) fold.click();
      el.scrollIntoView({ block: "center" });
    };
    document.addEventListener("rml-mark", marked);
    document.addEventListener("visibilitychange", shown);
    views.add(want);
    model.on("change:figure", relay);
    loadPlotly(model).then(
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
      silence();
      clearTimeout(timer);
      watcher.disconnect();
      resized.disconnect();
      document.removeEventListener("visibilitychange", shown);
      document.removeEventListener("rml-mark", marked);
      model.off("change:figure", relay);
      plotly?.purge(chart);
    };
  };

  return { initialize, render };
};

// The newest episodes as bars, one each, the newest on the right. A bar that is pointed at or walked to with the arrow keys
// is told in words.

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 72;

export default () => {
  let episodes = [];
  let capacity = 100;
  let summary = "";
  const views = new Set();
  const changed = () => views.forEach((draw) => draw());

  const initialize = ({ model }) => follow(
    model,
    (whole) => {
      ({ episodes, capacity, summary } = whole);
      changed();
    },
    (change) => {
      episodes = [...episodes, ...change.episodes].slice(-capacity);
      summary = change.summary;
      changed();
    },
  );

  const render = ({ el }) => {
    el.classList.add("rml-bars");
    const { body } = makeCard(el, `Last ${capacity} episodes`);
    const chart = document.createElementNS(SVG, "svg");
    chart.setAttribute("class", "rml-bars-chart");
    chart.setAttribute("viewBox", `0 0 ${capacity} ${HEIGHT}`);
    chart.setAttribute("preserveAspectRatio", "none");
    chart.setAttribute("aria-hidden", "true");
    const zero = document.createElementNS(SVG, "line");
    zero.setAttribute("class", "rml-bars-zero");
    zero.setAttribute("x2", String(capacity));
    chart.append(zero);
    const frame = document.createElement("div");
    frame.className = "rml-bars-frame";
    frame.tabIndex = 0;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", "Returns of the newest episodes; the arrow keys walk from one to the next");
    const empty = document.createElement("div");
    empty.className = "rml-empty";
    empty.textContent = "A bar for every episode that ends: the higher, the better.";
    frame.append(chart, empty);
    const told = document.createElement("div");
    told.className = "rml-caption";
    body.append(frame, told);

    const bars = [];
    let chosen = null; // number of the episode that is told
    let drawn = null;
    let visible = false;
    const place = (bar, box) => Object.entries(box).forEach(([name, value]) => bar.setAttribute(name, String(value)));
    const tell = () => {
      const found = episodes.find(([which]) => which === chosen);
      const words = found ? `Episode ${whole(found[0])}: return ${found[1] === null ? "not a number" : score(found[1])}, ${count(found[2], "step")}` : summary;
      // Said aloud only when somebody walks along the bars: the summary changes all the time.
      told.setAttribute("aria-live", found ? "polite" : "off");
      say(told, words);
      bars.forEach((bar, i) => bar.classList.toggle("rml-chosen", Boolean(found) && episodes[i]?.[0] === chosen));
    };
    const draw = () => {
      tell(); // in sight or not: whoever listens is told what is
      if (!visible || document.hidden || drawn === episodes) return;
      drawn = episodes;
      empty.hidden = episodes.length > 0;
      const values = episodes.map(([, value]) => value ?? 0);
      const high = Math.max(0, ...values);
      const low = Math.min(0, ...values);
      const scale = (HEIGHT - 4) / (high - low || 1);
      const ground = 2 + high * scale;
      place(zero, { y1: ground, y2: ground });
      while (bars.length < episodes.length) {
        const bar = document.createElementNS(SVG, "rect");
        bars.push(bar);
        chart.append(bar);
      }
      const first = capacity - episodes.length;
      bars.forEach((bar, i) => {
        if (i >= values.length) return bar.setAttribute("height", "0");
        const height = Math.max(Math.abs(values[i]) * scale, 1);
        place(bar, { x: first + i + 0.1, width: 0.8, y: values[i] >= 0 ? ground - height : ground, height });
      });
    };
    const choose = (which) => {
      chosen = which;
      tell();
    };
    frame.addEventListener("pointermove", (event) => {
      const box = chart.getBoundingClientRect();
      const at = Math.floor(((event.clientX - box.left) / box.width) * capacity) - (capacity - episodes.length);
      choose(episodes[at]?.[0] ?? null);
    });
    frame.addEventListener("pointerleave", () => choose(null));
    frame.addEventListener("blur", () => choose(null));
    frame.addEventListener("keydown", (event) => {
      const turn = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") return choose(null);
      if (!turn || !episodes.length) return;
      event.preventDefault();
      const at = episodes.findIndex(([which]) => which === chosen);
      const next = at < 0 ? episodes.length - 1 : Math.min(episodes.length - 1, Math.max(0, at + turn));
      choose(episodes[next][0]);
    });
    const watcher = new IntersectionObserver((entries) => {
      visible = entries.at(-1).isIntersecting;
      draw();
    });
    watcher.observe(frame);
    document.addEventListener("visibilitychange", draw);
    views.add(draw);
    draw();
    return () => {
      views.delete(draw);
      watcher.disconnect();
      document.removeEventListener("visibilitychange", draw);
    };
  };

  return { initialize, render };
};

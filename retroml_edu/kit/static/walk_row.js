// The random walk: states in a row with the walker on them, and above each its value as learners see it and as it is.

const TOP = 14;
const CHART = 230; // height of the part with the values
const ROW = 52; // from there to the middle of the states
const FOOT = 46;
const LEFT = 48;
const RIGHT = 16;
const CLASSES = ["rml-walk-one", "rml-walk-two"];

const signed = (number) => (number > 0 ? `+${number}` : String(number).replace("-", "−"));

export default {
  render({ model, el }) {
    el.classList.add("rml-walk");
    const svg = shape("svg", { role: "img", height: TOP + CHART + ROW + FOOT });
    const back = shape("g");
    const front = shape("g");
    const walker = shape("circle", { class: "rml-walk-walker", cx: 0, cy: 0 });
    svg.append(back, front, walker);
    const told = made("p", "rml-walk-told");
    const lines = made("ul", "rml-walk-lines");
    const box = made("div");
    box.append(told, lines);
    el.append(svg, box);
    let width = 0;

    const places = () => {
      const { names, low, high } = model.get("walk");
      const gap = (width - LEFT - RIGHT) / (names.length + 1.2);
      const x = (state) => LEFT + (state + 0.1) * gap;
      const y = (value) => {
        const share = (value - low) / (high - low);
        return TOP + CHART - Math.max(-0.06, Math.min(1.06, share)) * CHART;
      };
      return { x, y, gap, level: TOP + CHART + ROW, size: Math.max(9, Math.min(20, gap * 0.36)) };
    };

    const drawWorld = () => {
      const { names, ends, exact, low, high } = model.get("walk");
      const { x, y, gap, level, size } = places();
      const nodes = [];
      for (let i = 0; i <= 4; i += 1) {
        const value = low + (i / 4) * (high - low);
        nodes.push(shape("line", { class: "rml-walk-grid", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }));
        nodes.push(shape("text", { class: "rml-walk-tick", x: LEFT - 8, y: y(value) + 4 }, String(Number(value.toFixed(2))).replace("-", "−")));
      }
      nodes.push(shape("text", { class: "rml-walk-note", x: 12, y: TOP + CHART / 2, transform: `rotate(-90 12 ${TOP + CHART / 2})` }, "value"));
      nodes.push(shape("polyline", { class: "rml-walk-exact", points: exact.map((value, i) => `${x(i + 1)},${y(value)}`).join(" ") }));
      // Over the lower end of the line, above all curves that are near it: they do not run over the words.
      const rises = exact.at(-1) >= exact[0];
      const from = rises ? LEFT + 6 : width - RIGHT - 96;
      nodes.push(shape("line", { class: "rml-walk-exact", x1: from, x2: from + 24, y1: TOP + 10, y2: TOP + 10 }));
      nodes.push(shape("text", { class: "rml-walk-note rml-walk-key", x: from + 30, y: TOP + 14 }, "true values"));
      nodes.push(shape("line", { class: "rml-walk-link", x1: x(0), x2: x(names.length + 1), y1: level, y2: level }));
      ends.forEach((reward, i) => {
        const at = x(i ? names.length + 1 : 0);
        nodes.push(shape("rect", { class: "rml-walk-end", x: at - size * 0.85, y: level - size * 0.85, width: size * 1.7, height: size * 1.7, rx: 3 }));
        nodes.push(shape("text", { x: at, y: level + 4 }, signed(reward)));
        if (gap > 50) nodes.push(shape("text", { class: "rml-walk-note", x: at, y: level + size + 18 }, "end"));
      });
      back.replaceChildren(...nodes);
      walker.setAttribute("r", size + 5);
    };

    const drawNow = () => {
      const { names } = model.get("walk");
      const { place, visits, learners } = model.get("now");
      const { x, y, gap, level, size } = places();
      const nodes = [];
      names.forEach((name, i) => {
        const seen = visits[i + 1];
        nodes.push(shape("circle", { class: `rml-walk-state${seen ? " rml-walk-seen" : ""}`, cx: x(i + 1), cy: level, r: size }));
        nodes.push(shape("text", { x: x(i + 1), y: level + 4 }, name));
        if (seen) nodes.push(shape("text", { class: "rml-walk-note", x: x(i + 1), y: level + size + 18 }, gap > 60 ? `${seen} ${seen === 1 ? "visit" : "visits"}` : `${seen}×`));
      });
      learners.forEach((learner, k) => {
        const group = shape("g", { class: CLASSES[k] });
        const shift = (k ? 1 : -1) * Math.min(6, gap * 0.16); // so that equal values are both seen
        const points = learner.values.map((value, i) => [x(i + 1) + shift, y(value)]);
        group.append(shape("polyline", { class: "rml-walk-curve", points: points.map((point) => point.join(",")).join(" ") }));
        const moved = new Set(learner.moved.map(([state]) => state));
        // Where one value was moved it is shown towards what; where many were, their targets lie on one another.
        for (const [state, before, target] of learner.moved) {
          if (target === null) continue;
          const at = x(state) + shift;
          group.append(shape("line", { class: "rml-walk-way", x1: at, x2: at, y1: y(before), y2: y(target) }));
          const up = y(target);
          group.append(shape("path", { class: "rml-walk-target", d: `M${at} ${up - 6}l6 6l-6 6l-6 -6z` }));
        }
        points.forEach(([at, up], i) => {
          const now = moved.has(i + 1);
          if (now) group.append(shape("circle", { class: "rml-walk-halo", cx: at, cy: up, r: 13 }));
          const side = (now ? 6 : 5) - k;
          group.append(k ? shape("rect", { class: "rml-walk-value", x: at - side, y: up - side, width: 2 * side, height: 2 * side }) : shape("circle", { class: "rml-walk-value", cx: at, cy: up, r: side }));
        });
        nodes.push(group);
      });
      front.replaceChildren(...nodes);
      walker.style.transform = `translate(${x(place)}px, ${level}px)`;
    };

    const tell = () => {
      const now = model.get("now");
      box.setAttribute("aria-live", now.live ? "polite" : "off");
      say(told, now.told);
      svg.setAttribute("aria-label", `The walk and the values of its states. ${now.told}`);
      if (lines.children.length !== now.learners.length) {
        lines.replaceChildren(
          ...now.learners.map((_, k) => {
            const line = made("li", CLASSES[k]);
            line.append(made("strong"), made("span", "rml-walk-error"), made("span", "rml-walk-said"));
            return line;
          }),
        );
      }
      now.learners.forEach((learner, k) => {
        const [name, error, said] = lines.children[k].children;
        say(name, learner.name);
        say(error, `RMS error ${learner.error.toFixed(3)}`);
        say(said, learner.told);
      });
    };
    const draw = () => {
      if (!model.get("now").learners) return;
      tell();
      width = el.clientWidth;
      if (!width) return;
      svg.setAttribute("viewBox", `0 0 ${width} ${TOP + CHART + ROW + FOOT}`);
      drawWorld();
      drawNow();
    };
    const resized = new ResizeObserver(draw);
    resized.observe(el);
    model.on("change:now", draw);
    model.on("change:walk", draw);
    draw();
    return () => {
      resized.disconnect();
      model.off("change:now", draw);
      model.off("change:walk", draw);
    };
  },
};

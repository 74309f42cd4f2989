// Two curves in a small chart: one drawn through, one dashed, each with its name in words.

const WIDTH = 300;
const HEIGHT = 132;
const LEFT_PX = 34;
const BOTTOM_PX = 18;
const TOP_PX = 6;
const NAMES = { yours: "your run", recorded: "recorded run" }; // dashes over a line: where both are the same, both are seen

const drawn = (tag, attributes, text) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
};

// `curves`: {yours, recorded}, each {step, value}; `goal`: a line to reach, or null; `told`: what it shows, in words.
const comparisonChart = ({ curves, goal }, told) => {
  const names = Object.keys(NAMES).filter((name) => curves[name]?.step.length);
  const reach = Math.max(1, ...names.map((name) => curves[name].step.at(-1)));
  const high = Math.max(goal ?? 0, 1, ...names.flatMap((name) => curves[name].value));
  const low = Math.min(0, ...names.flatMap((name) => curves[name].value));
  const x = (step) => LEFT_PX + (step / reach) * (WIDTH - LEFT_PX - 4);
  const y = (value) => HEIGHT - BOTTOM_PX - ((value - low) / (high - low)) * (HEIGHT - BOTTOM_PX - TOP_PX);

  const svg = drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "rml-tutorial-chart", role: "img", "aria-label": told });
  for (const value of [low, high]) {
    svg.append(drawn("line", { x1: LEFT_PX, x2: WIDTH - 4, y1: y(value), y2: y(value), class: "rml-tutorial-grid" }));
    svg.append(drawn("text", { x: LEFT_PX - 4, y: y(value) + 4, "text-anchor": "end" }, value.toLocaleString("en-US", { maximumFractionDigits: 0 })));
  }
  svg.append(drawn("text", { x: LEFT_PX, y: HEIGHT - 4 }, "0"));
  svg.append(drawn("text", { x: WIDTH - 4, y: HEIGHT - 4, "text-anchor": "end" }, `${reach.toLocaleString("en-US")} steps`));
  for (const name of names) {
    const { step, value } = curves[name];
    const points = step.map((at, i) => `${x(at).toFixed(1)},${y(value[i]).toFixed(1)}`).join(" ");
    svg.append(drawn("polyline", { points, class: `rml-tutorial-${name}` }));
  }

  const key = made("div", "rml-tutorial-key");
  key.setAttribute("aria-hidden", "true"); // the chart's own words name both
  for (const name of names) {
    const line = drawn("svg", { viewBox: "0 0 26 8", width: 26, height: 8 });
    line.append(drawn("polyline", { points: "0,4 26,4", class: `rml-tutorial-${name}` }));
    const item = made("span", "");
    item.append(line, NAMES[name]);
    key.append(item);
  }
  return [svg, key];
};

// The sign of a run's line: the line with one of its marks, as in the chart.

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  circle: "M17 3a4 4 0 1 0 0 8a4 4 0 1 0 0-8z",
  square: "M13.5 3.5h7v7h-7z",
  diamond: "M17 2l5 5l-5 5l-5-5z",
  "triangle-up": "M17 2.5l4.5 8h-9z",
  "triangle-down": "M17 11.5l4.5-8h-9z",
  star: "M17 1.6l1.5 3.6 3.9.3-3 2.5 1 3.8-3.4-2.1-3.4 2.1 1-3.8-3-2.5 3.9-.3z",
};

const drawnAs = (tag, attributes) => {
  const node = document.createElementNS(SVG, tag);
  for (const name in attributes) node.setAttribute(name, String(attributes[name]));
  return node;
};
const signOf = ({ color, shape, open, sign }) => {
  const picture = drawnAs("svg", { class: "rml-cmp-sign", viewBox: "0 0 34 14", width: 34, height: 14, role: "img", "aria-label": sign });
  picture.append(
    drawnAs("path", { d: "M0 7h34", stroke: color, "stroke-width": 2, "stroke-dasharray": open ? "6 3" : "none" }),
    drawnAs("path", { d: SHAPES[shape], stroke: color, "stroke-width": 1.5, fill: open ? "var(--rml-surface)" : color }),
  );
  return picture;
};

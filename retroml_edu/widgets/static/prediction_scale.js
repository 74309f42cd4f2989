// Round numbers for axes and handles, and the elements of a drawing.

const SVG = "http://www.w3.org/2000/svg";

const format = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });
const compact = (value) => format.format(value).replace("K", "k");
const grainOf = (span) => 10 ** Math.floor(Math.log10(span / 100));
const rounded = (value, grain) => Number((Math.round(value / grain) * grain).toPrecision(12));
const clamped = (value, low, high) => Math.min(high, Math.max(low, value));

// Round numbers from low to high, about as many as asked for.
const ticksOf = (low, high, about) => {
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
};

// Each element of the drawing, made anew: there are some dozens, and it changes only under somebody's hand.
const drawn = (tag, attributes, text) => {
  const node = document.createElementNS(SVG, tag);
  for (const name in attributes) node.setAttribute(name, String(attributes[name]));
  if (text !== undefined) node.textContent = text;
  return node;
};

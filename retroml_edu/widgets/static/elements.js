// Elements of a page with their attributes, and what else the scripts of the form share.

const element = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children);
  return node;
};

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// A value of a setting as a person reads it, in the same words as `shown_value` of knobs.py.
const shown = (value, field) => {
  if (value === null || value === undefined) return "off";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (Array.isArray(value)) return value.join(" × ");
  if (typeof value !== "number") return String(value);
  if (field?.integer) return field.type === "seed" ? String(value) : value.toLocaleString("en-US");
  return String(Number(value.toPrecision(6)));
};

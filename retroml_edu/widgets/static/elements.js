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

// Elements and their text.

const made = (tag, name, text) => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
};
const pressed = (text, title, name, work) => {
  const node = made("button", name, text);
  node.type = "button";
  if (title) node.title = title;
  node.addEventListener("click", work);
  return node;
};
// Writing text replaces it, and the page is laid out again, even if it is the same.
const say = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

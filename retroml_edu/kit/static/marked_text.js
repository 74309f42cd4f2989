// A text in which what stands between backticks is code: elements and text, never HTML.

const marked = (node, text) => {
  if (node.dataset.said === text) return node;
  node.dataset.said = text;
  const parts = text.split("`");
  const closed = parts.length % 2 === 1; // of a lone backtick nothing is code
  node.replaceChildren(...(closed ? parts.map((part, i) => (i % 2 ? made("code", "rml-code", part) : part)) : [text]));
  return node;
};
// Blank lines part paragraphs.
const markedParagraphs = (node, text, name) => {
  const paragraphs = text.split(/\n\s*\n/).map((part) => part.trim()).filter(Boolean);
  node.replaceChildren(...paragraphs.map((part) => marked(made("p", name), part)));
  return node;
};

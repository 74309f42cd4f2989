// A topic of the help as text and as elements. Text goes in as text, never as markup; matches of the search are marked.

const build = (tag, name = "", ...children) => {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children);
  return made;
};

// Lower case without accents, each character in its place.
const plainText = (text) => [...text].map((character) => {
  const bare = character.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  return bare.length === character.length ? bare : character;
}).join("");

const textOf = (block) => ({
  paragraph: () => `${block.lead} ${block.text}`,
  items: () => block.items.join(" \n "),
  table: () => [block.caption, ...block.head, ...block.rows.flat()].join(" \n "),
  code: () => block.text,
})[block.kind]();

// Returns text nodes, with what was searched for in marks.
const marked = (text, tokens) => {
  const plain = plainText(text);
  const parts = [];
  let at = 0;
  while (at < text.length) {
    const next = tokens.map((token) => [plain.indexOf(token, at), token.length]).filter(([where]) => where >= 0)
      .sort(([a, long], [b, longer]) => a - b || longer - long)[0];
    if (!next) break;
    const [where, length] = next;
    if (where > at) parts.push(document.createTextNode(text.slice(at, where)));
    parts.push(build("mark", "", text.slice(where, where + length)));
    at = where + length;
  }
  if (at < text.length) parts.push(document.createTextNode(text.slice(at)));
  return parts;
};

const BLOCKS = {
  paragraph: ({ lead, text }, mark) => build("p", "", ...(lead ? [build("strong", "", ...mark(lead)), " "] : []), ...mark(text)),
  items: ({ items, ordered }, mark) => build(ordered ? "ol" : "ul", "", ...items.map((item) => build("li", "", ...mark(item)))),
  code: ({ text }, mark) => build("pre", "", ...mark(text)),
  table: ({ caption, head, rows }, mark) => {
    const cell = (text, i) => {
      const made = build(i ? "td" : "th", "", ...mark(text));
      if (!i) made.scope = "row";
      return made;
    };
    const heads = head.map((text) => {
      const made = build("th", "", ...mark(text));
      made.scope = "col";
      return made;
    });
    return build(
      "table",
      "",
      build("caption", "", ...mark(caption)),
      build("thead", "", build("tr", "", ...heads)),
      build("tbody", "", ...rows.map((row) => build("tr", "", ...row.map(cell)))),
    );
  },
};

const elementsOf = (topic, tokens) => topic.blocks.map((block) => BLOCKS[block.kind](block, (text) => marked(text, tokens)));

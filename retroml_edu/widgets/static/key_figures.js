// Figures side by side. Each is a button: pressed, it tells underneath what the figure means.

let counter = 0;

function render({ model, el }) {
  el.classList.add("rml-figures");
  const id = `rml-figure-meaning-${++counter}`;
  const row = document.createElement("div");
  row.className = "rml-figures-row";
  const meaning = document.createElement("p");
  meaning.className = "rml-figure-meaning";
  meaning.id = id;
  meaning.setAttribute("role", "status");
  meaning.hidden = true;
  el.append(row, meaning);

  let asked = null;
  const parts = new Map();
  const tell = (name) => {
    asked = name;
    refresh();
  };
  const make = (name) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "rml-figure";
    button.dataset.figure = name;
    button.setAttribute("aria-controls", id);
    const [label, value, detail] = ["label", "value", "detail"].map((part) => {
      const node = made("span", `rml-figure-${part}`);
      button.append(node);
      return node;
    });
    button.addEventListener("click", () => tell(asked === name ? null : name));
    button.addEventListener("keydown", (event) => event.key === "Escape" && tell(null));
    row.append(button);
    return { button, label, value, detail };
  };
  const refresh = () => {
    const figures = model.get("figures");
    for (const figure of figures) {
      if (!parts.has(figure.name)) parts.set(figure.name, make(figure.name));
      const { button, label, value, detail } = parts.get(figure.name);
      say(label, figure.label);
      say(value, figure.value);
      say(detail, figure.detail);
      button.title = figure.meaning;
      button.setAttribute("aria-expanded", String(asked === figure.name));
    }
    const told = figures.find((figure) => figure.name === asked);
    meaning.hidden = !told;
    say(meaning, told?.meaning ?? "");
  };
  model.on("change:figures", refresh);
  refresh();
  return () => model.off("change:figures", refresh);
}

export default { render };

// The picker: all environments as cards in a dialog, searched as one types; the keyboard alone is enough.

const plainWords = (text) => text.toLowerCase().normalize("NFD").replace(/[^a-z0-9]+/g, " ").trim();

// The cards that contain every word of a search, in the catalogue's order.
const matching = (catalogue, titles, group, query) => {
  const words = plainWords(query).split(" ").filter(Boolean);
  return catalogue.filter((card) => {
    const text = plainWords([card.name, card.id, titles.get(card.group), card.action, card.observation].join(" "));
    const joined = text.replaceAll(" ", ""); // "mspacman" finds Ms. Pac-Man
    return (!group || card.group === group) && words.every((word) => text.includes(word) || joined.includes(word));
  });
};

let pickers = 0;

function openPicker({ el, model, pictures, current, choose, back, quiet }) {
  const id = `rml-picker-${++pickers}`;
  const groups = model.get("groups");
  const titles = new Map(groups.map(([key, title]) => [key, title]));
  const catalogue = model.get("catalogue");
  let group = "";
  let options = []; // {node, value}
  let active = -1;

  const search = element("input", {
    type: "text",
    class: "rml-input rml-picker-search",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": `${id}-list`,
    "aria-autocomplete": "list",
    "aria-label": "Search environments",
    placeholder: "Search, or type any Gymnasium id",
    autocomplete: "off",
    spellcheck: "false",
  });
  const close = element("button", { type: "button", class: "rml-icon", "aria-label": "Close", title: "Close (Esc)" }, "✕");
  const chips = [["", "All"], ...groups].map(([key, title]) => {
    const chip = element("button", { type: "button", class: "rml-chip", "aria-pressed": String(key === "") }, title);
    chip.addEventListener("click", () => {
      group = key;
      chips.forEach((other) => other.setAttribute("aria-pressed", String(other === chip)));
      list();
      search.focus();
    });
    return chip;
  });
  const results = element("div", { id: `${id}-list`, class: "rml-picker-list", role: "listbox", "aria-label": "Environments" });
  const count = element("span", { role: "status" });
  const keys = element("span", { "aria-hidden": "true" }, "Arrow keys move, Enter chooses, Esc closes");
  const dialog = element(
    "dialog",
    { class: "rml-picker", "aria-label": "Choose an environment" },
    element("div", { class: "rml-picker-head" }, search, close),
    element("div", { class: "rml-picker-groups", role: "group", "aria-label": "Groups" }, ...chips),
    results,
    element("div", { class: "rml-picker-foot" }, count, keys),
  );

  const makeOption = (value, label, parts) => {
    const index = options.length;
    const node = element("div", { id: `${id}-${index}`, role: "option", class: "rml-env-card", "aria-label": label, "aria-selected": "false", "data-env": value }, ...parts);
    node.classList.toggle("rml-env-current", value === current);
    node.addEventListener("click", () => take(value));
    node.addEventListener("pointermove", () => active !== index && point(index, false));
    options.push({ node, value });
    return node;
  };
  const makeSection = (key, title, about, cards) => {
    const head = element("div", { class: "rml-picker-title", id: `${id}-${key}` }, element("strong", {}, title), element("span", {}, about));
    const nodes = cards.map((card) => makeOption(card.id, cardInWords(card, title), cardParts(card, pictures)));
    return element("div", { role: "group", "aria-labelledby": `${id}-${key}` }, head, element("div", { class: "rml-picker-grid" }, ...nodes));
  };
  const makeTyped = (typed) => {
    const use = element("span", { class: "rml-env-name" }, `Use “${typed}”`);
    const what = element("span", { class: "rml-env-id" }, "any environment registered with Gymnasium");
    const words = element("span", { class: "rml-env-words" }, use, what);
    const option = makeOption(typed, `Use ${typed} as a Gymnasium id`, [pictures.of("", NO_INITIALS), words]);
    return element("div", { class: "rml-picker-grid" }, option);
  };

  const list = () => {
    options = [];
    const found = matching(catalogue, titles, group, search.value);
    const sections = groups
      .map(([key, title, about]) => [key, title, about, found.filter((card) => card.group === key)])
      .filter(([, , , cards]) => cards.length)
      .map((section) => makeSection(...section));
    const typed = search.value.trim();
    if (typed && !catalogue.some((card) => card.id === typed)) sections.push(makeTyped(typed));
    results.replaceChildren(...sections);
    results.scrollTop = 0;
    count.textContent = found.length === 1 ? "1 environment" : `${found.length} environments`;
    const chosen = options.findIndex((option) => option.value === current);
    active = -1;
    point(typed || chosen < 0 ? 0 : chosen, true);
  };

  const point = (index, scroll) => {
    options[active]?.node.setAttribute("aria-selected", "false");
    active = Math.max(0, Math.min(index, options.length - 1));
    const option = options[active];
    if (!option) return search.removeAttribute("aria-activedescendant");
    option.node.setAttribute("aria-selected", "true");
    search.setAttribute("aria-activedescendant", option.node.id);
    if (scroll) option.node.scrollIntoView({ block: "nearest" });
  };

  // To the nearest card of the row below or above, as the eye sees them.
  const upOrDown = (turn) => {
    const here = options[active]?.node.getBoundingClientRect();
    if (!here) return;
    const places = options.map(({ node }, index) => ({ index, box: node.getBoundingClientRect() }));
    const beyond = places.filter(({ box }) => (box.top - here.top) * turn > 4);
    if (!beyond.length) return;
    const nearest = Math.min(...beyond.map(({ box }) => (box.top - here.top) * turn));
    const row = beyond.filter(({ box }) => (box.top - here.top) * turn < nearest + 4);
    const away = ({ box }) => Math.abs(box.left - here.left);
    point(row.reduce((best, one) => (away(one) < away(best) ? one : best)).index, true);
  };

  const take = (value) => {
    dialog.close();
    if (value !== current) choose(value);
  };
  search.addEventListener("input", list);
  search.addEventListener("keydown", (event) => {
    const moves = {
      ArrowDown: () => upOrDown(1),
      ArrowUp: () => upOrDown(-1),
      ArrowRight: search.selectionEnd === search.value.length && (() => point(active + 1, true)),
      ArrowLeft: !search.value && (() => point(active - 1, true)),
      Enter: () => options[active] && take(options[active].value),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("pointerdown", (event) => event.target === dialog && dialog.close()); // the ground behind it
  dialog.addEventListener("close", () => {
    dialog.remove();
    (back.isConnected ? back : el.querySelector(".rml-env-chosen"))?.focus({ preventScroll: true });
    quiet();
  });
  quiet();
  el.append(dialog);
  dialog.showModal();
  list();
  search.focus({ preventScroll: true });
}

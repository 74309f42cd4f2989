// The tabs' names. The pages are siblings in the panel; all but one are hidden.

let counter = 0;

function render({ model, el }) {
  el.classList.add("rml-tabs");
  el.setAttribute("role", "tablist");
  el.setAttribute("aria-label", "Parts of the panel");
  const id = `rml-tabs-${++counter}`;
  const choose = (name) => {
    model.set("tab", name);
    model.save_changes();
  };
  const buttons = model.get("tabs").map((name) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "rml-tab";
    button.id = `${id}-${name.toLowerCase()}`;
    button.dataset.tab = name;
    button.setAttribute("role", "tab");
    button.textContent = name;
    button.addEventListener("click", () => choose(name));
    return button;
  });
  buttons.forEach((button, i) => button.addEventListener("keydown", (event) => {
    const last = buttons.length - 1;
    const next = { ArrowRight: i === last ? 0 : i + 1, ArrowLeft: i === 0 ? last : i - 1, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    buttons[next].focus();
    choose(buttons[next].dataset.tab);
  }));
  el.append(...buttons);

  const pageOf = (name) => el.closest(".rml-panel")?.querySelector(`:scope > .rml-tab-page-${CSS.escape(name.toLowerCase())}`);
  const refresh = () => {
    const shown = model.get("tab");
    for (const button of buttons) {
      const name = button.dataset.tab;
      const chosen = name === shown;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      const page = pageOf(name);
      if (!page) continue;
      page.hidden = !chosen;
      page.id = `${button.id}-page`;
      page.setAttribute("role", "tabpanel");
      page.setAttribute("aria-labelledby", button.id);
      button.setAttribute("aria-controls", page.id);
    }
  };
  // The pages may come later than their names.
  let frame = 0;
  const adopt = () => {
    refresh();
    if (!buttons.every((button) => pageOf(button.dataset.tab))) frame = requestAnimationFrame(adopt);
  };
  adopt();
  model.on("change:tab", refresh);
  return () => {
    cancelAnimationFrame(frame);
    model.off("change:tab", refresh);
  };
}

export default { render };

// The settings form. Python sends `spec` (sections and fields) and `values`; a person writes `values`.

// "1,000,000" is a million and "0,01" a hundredth: commas part thousands or, alone, are the decimal point.
const plain = (text) => (/^[+-]?\d{1,3}([, ]\d{3})+(\.\d+)?$/.test(text) ? text.replace(/[, ]/g, "") : text.replace(",", "."));

function makeControl(field, id, write, tools) {
  if (field.type === "environment") return makeEnvironment(field, id, tools);
  if (field.type === "length") return makeLength(field, id, write, tools);
  const describe = { id, "aria-describedby": `${id}-help` };
  if (field.type === "select") {
    const select = element("select", { ...describe, class: "rml-input" });
    const groups = new Map();
    field.choices.forEach((choice, index) => {
      const option = element("option", { value: index }, choice.label);
      if (!choice.group) return select.append(option);
      if (!groups.has(choice.group)) {
        groups.set(choice.group, element("optgroup", { label: choice.group }));
        select.append(groups.get(choice.group));
      }
      groups.get(choice.group).append(option);
    });
    select.addEventListener("change", () => write(field.choices[Number(select.value)].value));
    const show = (value) => (select.value = String(field.choices.findIndex((c) => same(c.value, value))));
    return { nodes: [select], show, focusable: [select] };
  }
  if (field.type === "segmented") {
    const buttons = field.choices.map((choice) => {
      const button = element("button", { type: "button", role: "radio", class: "rml-segment" }, String(choice.label));
      button.addEventListener("click", () => write(choice.value));
      return button;
    });
    buttons.forEach((button, index) =>
      button.addEventListener("keydown", (event) => {
        const turn = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
        if (!turn) return;
        event.preventDefault();
        const next = (index + turn + buttons.length) % buttons.length;
        buttons[next].focus();
        write(field.choices[next].value);
      }),
    );
    const group = element("div", { ...describe, role: "radiogroup", "aria-label": field.label, class: "rml-segments" }, ...buttons);
    const show = (value) =>
      field.choices.forEach((choice, index) => {
        const chosen = same(choice.value, value);
        buttons[index].setAttribute("aria-checked", String(chosen));
        buttons[index].tabIndex = chosen ? 0 : -1;
      });
    return { nodes: [group], show, focusable: [] };
  }
  if (field.type === "toggle") {
    const box = element("input", { ...describe, type: "checkbox", role: "switch", class: "rml-switch" });
    box.addEventListener("change", () => write(box.checked));
    return { inline: [box], nodes: [], show: (value) => (box.checked = Boolean(value)), focusable: [box] };
  }
  if (field.type === "text") {
    const text = element("input", { ...describe, type: "text", class: "rml-input", placeholder: field.placeholder, spellcheck: "false" });
    text.addEventListener("change", () => write(text.value));
    return { nodes: [text], show: (value) => (text.value = value ?? ""), focusable: [text] };
  }
  const number = element("input", { ...describe, type: "text", inputmode: "decimal", class: "rml-number", autocomplete: "off", "aria-label": field.label });
  const typed = () => {
    const text = plain(number.value.trim());
    if (field.optional && (text === "" || text === "off")) return write(null);
    write(text !== "" && Number.isFinite(Number(text)) ? Number(text) : text);
  };
  number.addEventListener("change", typed);
  if (field.type === "number") return { inline: [number], nodes: [], show: (v) => (number.value = shown(v, field)), focusable: [number] };
  if (field.type === "seed") {
    const dice = element("button", { type: "button", class: "rml-icon", title: "Draw a random seed", "aria-label": "Draw a random seed", "data-again": true }, "⚄");
    dice.addEventListener("click", () => write(Math.floor(Math.random() * 100000)));
    return { inline: [number, dice], nodes: [], show: (v) => (number.value = shown(v, field)), focusable: [number] };
  }
  const { slider, show } = makeSlider(field, number, `${id}-help`, write);
  return { inline: [number], nodes: [slider], show, focusable: [number, slider] };
}

function render({ model, el }) {
  const prefix = `rml-${Math.random().toString(36).slice(2)}`; // each form has a script of its own, and the page may hold several
  const form = element("div", { class: "rml-form" });
  const bubble = element("div", { class: "rml-bubble", "aria-hidden": "true" });
  el.append(form, bubble);
  let controls = [];
  let parts = []; // of the quick start, which are no fields
  let notes = []; // about the environment
  const folded = new Map();

  const write = (name, value) => writeAll({ [name]: value });
  const writeAll = (changes) => {
    const values = { ...model.get("values"), ...changes };
    if (same(model.get("values"), values)) return refresh();
    model.set("values", values);
    model.save_changes();
    refresh();
  };

  // Not over the card of the environment, beside which it would hide what the environment is about.
  const explain = (row, field) => field.help && field.type !== "environment" && explainWith(row, [field.help]);
  const explainWith = (row, content, least = 0) => {
    bubble.replaceChildren(...content);
    bubble.classList.add("rml-shown");
    bubble.style.left = `${row.offsetLeft}px`;
    const room = (el.closest(".rml-panel")?.clientWidth ?? 0) - 48;
    bubble.style.width = `${Math.max(Math.min(420, row.offsetWidth), Math.min(least, room))}px`;
    const below = row.offsetTop + row.offsetHeight + 4;
    const fits = below + bubble.offsetHeight <= el.offsetHeight + 24;
    bubble.style.top = `${fits ? below : Math.max(0, row.offsetTop - bubble.offsetHeight - 4)}px`;
  };
  const quiet = () => bubble.classList.remove("rml-shown");
  const pictures = makePictures(model);
  const tools = { el, model, writeAll, explainWith, quiet, pictures };

  const makeRow = (field, index) => {
    if (field.type === "note") {
      const badges = field.badges.map((text) => element("span", { class: "rml-badge" }, text));
      const more = field.more ? [element("details", {}, element("summary", {}, "More"), element("p", {}, field.more))] : [];
      const row = element("div", { class: "rml-note" }, element("p", {}, field.text), element("div", { class: "rml-badges" }, ...badges), ...more);
      notes.push({ field, row });
      return row;
    }
    const id = `${prefix}-${index}`;
    if (field.type === "presets" || field.type === "go") {
      const part = field.type === "go" ? makeGo(id, tools) : makePresets(id, tools);
      parts.push(part);
      return part.row;
    }
    const control = makeControl(field, id, (value) => write(field.name, value), tools);
    const isGroup = field.type === "segmented";
    const label = element(isGroup ? "span" : "label", { class: "rml-label", for: isGroup ? null : id }, field.label);
    const reset = element("button", { type: "button", class: "rml-icon rml-reset" }, "↺");
    reset.addEventListener("click", () => write(field.name, field.default));
    const head = element("div", { class: "rml-row-head" }, label, reset, ...(control.inline ?? []));
    const help = element("span", { id: `${id}-help`, class: "rml-unseen" }, field.help ?? "");
    const problem = element("div", { id: `${id}-problem`, class: "rml-field-problem", role: "status" });
    const row = element("div", { class: `rml-row rml-is-${field.type}`, "data-field": field.name }, head, ...control.nodes, help, problem);
    const described = row.querySelectorAll("[aria-describedby]");
    let timer;
    row.addEventListener("mouseenter", () => (timer = setTimeout(() => explain(row, field), 350)));
    row.addEventListener("mouseleave", () => (clearTimeout(timer), quiet()));
    row.addEventListener("focusin", (event) => event.target.matches(":focus-visible") && explain(row, field));
    row.addEventListener("focusout", quiet);
    row.addEventListener("input", (event) => event.target.type === "text" && quiet());
    controls.push({ field, control, row, reset, problem, help, described });
    return row;
  };

  const rebuild = () => {
    controls = [];
    parts = [];
    notes = [];
    let index = 0;
    const sections = model.get("spec").map((section) => {
      const rows = section.fields.map((field) => makeRow(field, index++));
      if (section.reset) {
        const button = element("button", { type: "button", class: "rml-link" }, "Reset to defaults");
        button.addEventListener("click", () => model.send({ action: "reset" }));
        rows.push(button);
      }
      const details = element("details", { class: "rml-section", "data-section": section.id }, element("summary", { class: "rml-section-title" }, section.title), ...rows);
      details.open = folded.has(section.id) ? folded.get(section.id) : !section.folded;
      details.addEventListener("toggle", () => folded.set(section.id, details.open));
      return details;
    });
    const active = el.contains(document.activeElement) && document.activeElement.closest("[data-field], [data-preset]")?.dataset;
    form.replaceChildren(...sections);
    refresh();
    if (active?.preset) form.querySelector(`[data-preset="${active.preset}"]`)?.focus({ preventScroll: true });
    const again = active && controls.find((entry) => entry.field.name === active.field);
    if (again) (again.control.focusable[0] ?? again.row.querySelector("[tabindex='0']"))?.focus({ preventScroll: true });
  };

  const refresh = () => {
    const values = model.get("values");
    for (const { field, control, row, reset } of controls) {
      const value = values[field.name];
      control.show(value);
      row.hidden = Boolean(field.when) && !Object.entries(field.when).every(([name, wanted]) => values[name] === wanted);
      const changed = "default" in field && !same(value, field.default);
      reset.classList.toggle("rml-shown", changed);
      reset.tabIndex = changed ? 0 : -1;
      const label = shown(field.default, field);
      reset.title = `Back to the default: ${label}`;
      reset.setAttribute("aria-label", `${field.label}: back to the default, ${label}`);
    }
    showProblems();
    showQuick();
  };

  const showQuick = () => {
    parts.forEach((part) => part.refresh());
    controls.forEach(({ control }) => control.told?.());
  };

  // Apart from the values: what a person is typing elsewhere must not be overwritten when a check comes back.
  const showProblems = () => {
    const problems = model.get("problems");
    for (const { field, row, problem, help, described } of controls) {
      const found = problems[field.name];
      problem.textContent = found ? `${found.severity === "error" ? "✕" : "!"} ${found.text}` : "";
      problem.dataset.severity = found?.severity ?? "";
      const wrong = found?.severity === "error";
      row.classList.toggle("rml-wrong", wrong);
      for (const node of described) {
        node.setAttribute("aria-describedby", found ? `${problem.id} ${help.id}` : help.id);
        if (wrong && node.tagName !== "BUTTON") node.setAttribute("aria-invalid", "true"); // of a button it means nothing
        else node.removeAttribute("aria-invalid");
      }
    }
    // Not at once when another one is chosen: the form would jump twice until its own note is here.
    const wanted = wantedEnv(model.get("values"));
    const refused = [problems.env_id, problems.custom_env_id].some((found) => found?.severity === "error");
    for (const { field, row } of notes) row.hidden = refused && field.env_id !== wanted;
  };

  model.on("change:spec", rebuild);
  model.on("change:values", refresh);
  model.on("change:problems", showProblems);
  model.on("change:quick", showQuick);
  model.on("change:startable", showQuick);
  rebuild();
  return () => {
    model.off("change:spec", rebuild);
    model.off("change:values", refresh);
    model.off("change:problems", showProblems);
    model.off("change:quick", showQuick);
    model.off("change:startable", showQuick);
    pictures.release();
  };
}

export default { render };

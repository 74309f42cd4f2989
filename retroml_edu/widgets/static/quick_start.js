// Presets, lengths as time on this machine, and the button that starts.

const PRESET_BUBBLE = 340; // pixels
const PRESET_LABELS = { fast: "Fast", stable: "Stable", "high score": "High score" };

const settingsCounted = (changes) => (changes.length === 1 ? "1 setting" : `${changes.length} settings`);
const changeList = (changes) => {
  const lines = changes.map(([label, before, after]) =>
    element("li", {}, element("span", {}, label), " ", element("span", {}, `${before} → ${after}`)));
  return element("ul", { class: "rml-changes" }, ...lines);
};

// What a preset is and would change, before it is chosen: shown beside its button, and read by screen readers.
const presetInFull = (preset) => {
  const changes = preset.changes.length
    ? [element("p", {}, `It would change ${settingsCounted(preset.changes)}:`), changeList(preset.changes)]
    : [element("p", {}, "All settings are as it would set them.")];
  const sources = [`Source: ${preset.source}`, preset.measured].map((text) => element("p", { class: "rml-preset-source" }, text));
  return [element("p", {}, `${preset.aim} ${preset.length}.`), ...changes, ...sources];
};

function makePresets(id, { model, explainWith, quiet }) {
  const names = Object.keys(PRESET_LABELS);
  const label = element("span", { class: "rml-label", id: `${id}-label` }, "Preset");
  const state = element("span", { class: "rml-preset-state" });
  const buttons = names.map((name, index) =>
    element("button", { type: "button", class: "rml-segment", "data-preset": name, "aria-describedby": `${id}-${index}` }, PRESET_LABELS[name]));
  const unseen = names.map((_, index) => element("span", { id: `${id}-${index}`, class: "rml-unseen" }));
  const group = element("div", { role: "group", class: "rml-segments", "aria-labelledby": `${id}-label` }, ...buttons);
  const aim = element("p", { class: "rml-preset-aim" });
  const summary = element("summary", {});
  const list = element("div", {});
  const details = element("details", { class: "rml-preset-details" }, summary, list);
  const head = element("div", { class: "rml-row-head" }, label, state);
  const row = element("div", { class: "rml-row rml-presets" }, head, group, ...unseen, aim, details);
  const presetOf = (name) => model.get("quick").presets?.find((preset) => preset.name === name);

  let explained = ""; // the preset that the bubble is about
  const tell = (name) => {
    if (!presetOf(name)) return;
    explained = name;
    explainWith(group, presetInFull(presetOf(name)), PRESET_BUBBLE);
  };
  buttons.forEach((button) => {
    let timer;
    const name = button.dataset.preset;
    const hush = () => {
      clearTimeout(timer);
      explained = "";
      quiet();
    };
    button.addEventListener("click", () => {
      hush();
      model.send({ action: "preset", name });
    });
    button.addEventListener("mouseenter", () => (timer = setTimeout(() => tell(name), 250)));
    button.addEventListener("mouseleave", hush);
    button.addEventListener("focus", () => button.matches(":focus-visible") && tell(name));
    button.addEventListener("blur", hush);
  });

  const refresh = () => {
    const quick = model.get("quick");
    row.hidden = !quick.presets;
    if (row.hidden) return;
    if (explained) tell(explained);
    buttons.forEach((button, index) => {
      const preset = presetOf(button.dataset.preset);
      button.setAttribute("aria-pressed", String(quick.current === preset.name));
      unseen[index].textContent = presetInFull(preset).map((part) => part.textContent).join(" ");
    });
    const chosen = presetOf(quick.chosen);
    const title = PRESET_LABELS[quick.chosen];
    state.textContent = quick.current ? "" : `${title}, changed`;
    aim.textContent = chosen.aim;
    const changes = quick.current ? quick.did : quick.changed;
    details.hidden = changes.length === 0;
    summary.textContent = quick.current ? `${title} changed ${settingsCounted(changes)}` : `Changed since: ${settingsCounted(changes)}`;
    list.replaceChildren(changeList(changes), element("p", { class: "rml-preset-source" }, `Source of ${title}: ${chosen.source}`));
  };
  return { row, refresh };
}

// The length: each choice with the time that it takes here, as far as that is known.
function makeLength(field, id, write, { model }) {
  const options = field.choices.map((choice) => element("option", { value: choice.value }, choice.label));
  const select = element("select", { id, "aria-describedby": `${id}-help`, class: "rml-input" }, ...options);
  select.addEventListener("change", () => write(select.value));
  const told = () => {
    const times = model.get("quick").times ?? {};
    field.choices.forEach((choice, index) => {
      const text = times[choice.value] ? `${choice.label} · ${times[choice.value]}` : choice.label;
      if (options[index].textContent !== text) options[index].textContent = text;
    });
  };
  return { nodes: [select], show: (value) => (select.value = value), told, focusable: [select] };
}

function makeGo(_id, { model }) {
  const time = element("span", { class: "rml-go-time", role: "status" });
  const how = element("span", {});
  const measure = element("button", { type: "button", class: "rml-link", title: "A throw-away copy is trained for some seconds; Stop ends it" });
  const expect = element("p", { class: "rml-go-note" });
  const start = element("button", { type: "button", class: "rml-button rml-primary rml-go" }, "Start training");
  const row = element("div", { class: "rml-row rml-go-row" }, time, start, element("p", { class: "rml-go-note" }, how, " ", measure), expect);
  const asks = (node, action) =>
    node.addEventListener("click", () => node.getAttribute("aria-disabled") === "true" || model.send({ action }));
  asks(start, "train");
  asks(measure, "measure");
  const say = (node, words) => {
    if (node.textContent !== words) node.textContent = words;
  };
  const refresh = () => {
    const quick = model.get("quick");
    for (const node of [start, measure]) node.setAttribute("aria-disabled", String(!model.get("startable")));
    say(time, quick.time ?? "");
    say(how, quick.how ?? "");
    say(measure, quick.known ? "Measure again" : "Measure this computer");
    measure.hidden = !quick.presets;
    say(expect, quick.expect ?? "");
    expect.hidden = !quick.expect;
  };
  return { row, refresh };
}

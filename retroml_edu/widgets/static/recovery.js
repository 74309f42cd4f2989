// The notice of a run that was cut short: what happened, and what is to become of it.

function render({ model, el }) {
  el.classList.add("rml-recovery");
  el.setAttribute("role", "region");
  el.setAttribute("aria-label", "A run that was cut short");
  const make = (tag, name) => {
    const node = document.createElement(tag);
    node.className = name;
    return node;
  };
  const row = make("div", "rml-recovery-row");
  const text = make("div", "rml-recovery-text");
  text.setAttribute("role", "status");
  const sign = make("span", "rml-sign");
  sign.textContent = "!";
  sign.setAttribute("aria-hidden", "true");
  const title = make("b", "");
  const story = make("span", "");
  const more = make("span", "rml-recovery-more");
  text.append(sign, title, story, more);
  const buttons = make("div", "rml-recovery-buttons");
  row.append(text, buttons);
  const done = make("div", "rml-recovery-done");
  const said = make("span", "");
  said.setAttribute("role", "status");
  el.append(row, done);

  const actions = [
    ["resume", "Resume", "Go on from the checkpoint, as if nothing had happened"],
    ["keep", "Keep", "Leave the run as it is, and do not ask again"],
    ["discard", "Discard", "Move the run to the trash; it can be brought back"],
  ].map(([action, label, title]) => {
    const button = make("button", "rml-button rml-small");
    button.type = "button";
    button.textContent = label;
    button.title = title;
    button.addEventListener("click", () => model.send({ action, run_id: model.get("run").run_id }));
    buttons.append(button);
    return [action, label, button];
  });
  const undo = make("button", "rml-link");
  undo.type = "button";
  undo.textContent = "Undo";
  undo.title = "Bring the run back";
  undo.addEventListener("click", () => model.send({ action: "undo", run_id: model.get("undo") }));
  done.append(said, undo);

  const refresh = () => {
    const run = model.get("run");
    const focused = el.contains(document.activeElement);
    row.hidden = !run.run_id;
    title.textContent = run.title ?? "";
    story.textContent = run.text ?? "";
    more.textContent = run.more ?? "";
    more.hidden = !run.more;
    for (const [action, label, button] of actions) {
      button.setAttribute("aria-label", `${label} ${run.title ?? ""}`);
    }
    said.textContent = model.get("said");
    undo.hidden = !model.get("undo");
    done.hidden = !model.get("said");
    el.hidden = row.hidden && done.hidden;
    // Whoever went by keyboard stays in the panel when the button under the fingers goes away.
    if (focused && !document.activeElement?.checkVisibility()) el.closest(".rml-panel")?.focus();
  };
  const watched = ["run", "said", "undo"];
  watched.forEach((name) => model.on(`change:${name}`, refresh));
  refresh();
  return () => watched.forEach((name) => model.off(`change:${name}`, refresh));
}

export default { render };

// Beside or below the table: one model, what can be done with it, and its checkpoints.

const modelDetail = (window, act) => {
  const pane = made("aside", "rml-xp-detail rml-mod-detail");
  pane.setAttribute("aria-label", "The model that was chosen");
  const head = made("div", "rml-card-head");
  const title = made("h4");
  const open = pressed("Open run", "Show its run in the panel (Enter)", "rml-button rml-small", () => act.open(row));
  const rename = pressed("Rename", "Give the run, and so the model, a name (F2)", "rml-button rml-small", () => act.startRename(row));
  const besides = made("span", "rml-xp-actions");
  besides.append(open, rename);
  head.append(title, besides);
  const about = made("div", "rml-caption rml-xp-about");

  const actions = made("div", "rml-mod-actions");
  const action = (name, work, primary = "") => {
    const line = made("div", "rml-mod-action");
    const button = pressed(name, "", `rml-button rml-small ${primary}`, () => button.getAttribute("aria-disabled") === "true" || work());
    const text = made("span", "rml-mod-about");
    text.id = `rml-mod-${(sentences += 1)}`;
    button.setAttribute("aria-describedby", text.id);
    line.append(button, text);
    actions.append(line);
    return { button, text, line };
  };
  const steps = made("input", "rml-number");
  steps.type = "text";
  steps.inputMode = "numeric";
  steps.setAttribute("aria-label", "How many more steps");
  const more = made("span", "rml-mod-steps");
  more.append(steps, made("span", "", "more steps."));
  const goOn = action("Continue", () => goes(null), "rml-primary");
  goOn.line.append(more);
  const evaluate = action("Evaluate only", () => act.evaluate(row));
  const give = action("Export", () => act.give(row));
  const save = action("Save", () => act.save(row));
  const said = made("div", "rml-caption");
  said.setAttribute("role", "status");
  const figures = made("dl", "rml-xp-figures");
  const kept = made("details", "rml-mod-checkpoints");
  const summary = made("summary");
  const list = made("ul");
  kept.append(summary, list);
  pane.append(head, about, actions, said, figures, kept);
  pane.hidden = true;

  let row = null;
  let listed = ""; // for which checkpoints the list was told

  const goes = (step) => {
    if (!continues(row).steps) return act.goOn(row, 0, step);
    const number = Number(steps.value.replace(/[\s,]/g, ""));
    if (!Number.isInteger(number) || number < 1) {
      steps.focus();
      return say(said, "✕ How many more steps? Give a whole number above 0.");
    }
    act.goOn(row, number, step);
  };
  steps.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") goes(null);
  });
  const ask = () => {
    const now = `${row.run_id} ${row.checkpoints} ${row.newest_step}`;
    if (!kept.open || listed === now) return;
    listed = now;
    act.checkpoints(row);
  };
  kept.addEventListener("toggle", () => row && ask());

  const set = ({ button, text }, { can, text: sentence }) => {
    button.setAttribute("aria-disabled", String(!can));
    say(text, sentence);
  };
  const show = (next) => {
    const other = next?.run_id !== row?.run_id;
    row = next;
    pane.hidden = !row;
    if (!row) return;
    if (other) {
      say(said, "");
      steps.value = whole(row.total_timesteps || 100000);
      list.replaceChildren();
      listed = "";
    }
    say(title, titleOf(row));
    title.title = titleOf(row);
    say(about, [row.env_id, row.algorithm, row.seed === null ? "" : `seed ${row.seed}`, STATES[row.state]].filter(Boolean).join(" · "));
    const way = continues(row);
    set(goOn, way);
    more.hidden = !way.steps;
    set(evaluate, evaluates(row));
    set(give, exportsTo(row));
    set(save, saves(row));
    const facts = [
      ["Return", meanSaid(row, window)],
      ["Steps", row.total_timesteps ? `${whole(row.steps)} of ${whole(row.total_timesteps)}` : whole(row.steps)],
      ["Size", bytes(row.size_bytes)],
      ["Written", exactTime(row.made_ms)],
      ["Problem", row.problem],
    ];
    figures.replaceChildren(...facts.filter(([, value]) => value).flatMap(([name, value]) => [made("dt", "", name), made("dd", "", value)]));
    kept.hidden = !row.checkpoints;
    say(summary, count(row.checkpoints, "checkpoint"));
    ask();
  };
  const tellCheckpoints = ({ run_id, checkpoints }) => {
    if (run_id !== row?.run_id) return;
    list.replaceChildren(
      ...checkpoints.map(({ step, reason, time_utc, size_bytes, tag }) => {
        const line = made("li");
        const when = ago(Date.parse(time_utc) || null);
        line.append(made("strong", "", `Step ${whole(step)}`), made("span", "", [tag, REASONS[reason] ?? "", when, bytes(size_bytes)].filter(Boolean).join(" · ")));
        if (continues(row).can) {
          const from = pressed("Continue from here", `${goOn.text.textContent} From step ${whole(step)}.`, "rml-link", () => goes(step));
          from.setAttribute("aria-label", `Continue from step ${whole(step)}`);
          line.append(from);
        }
        return line;
      }),
    );
  };
  return { pane, show, tellCheckpoints, told: (text) => say(said, text), get row() { return row; } };
};
let sentences = 0;

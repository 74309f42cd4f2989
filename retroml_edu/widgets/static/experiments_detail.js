// Beside or below the table: one run with its figures, tags and notes.

const SAVE_AFTER_MS = 800;

const detailOf = (window, act) => {
  const pane = made("aside", "rml-xp-detail");
  pane.setAttribute("aria-label", "Details of the run");
  const head = made("div", "rml-card-head");
  const title = made("h4");
  const shut = pressed("✕", "Close the details", "rml-icon", () => act.shutDetail());
  shut.setAttribute("aria-label", "Close the details");
  head.append(title, shut);
  const about = made("div", "rml-caption rml-xp-about");
  const problem = made("div", "rml-problem rml-warning");
  const buttons = made("div", "rml-xp-actions");
  buttons.append(
    pressed("Open", "Show the run in the panel", "rml-button rml-small rml-primary", () => act.open(row)),
    pressed("Clone settings", "Take its settings over into the form, for a new run", "rml-button rml-small", () => act.clone(row)),
    pressed("Rename", "Give it a name (F2)", "rml-button rml-small", () => act.startRename(row)),
  );
  const figures = made("dl", "rml-xp-figures");
  const tags = made("div", "rml-xp-tags");
  tags.setAttribute("role", "group");
  tags.setAttribute("aria-label", "Tags");
  const tag = made("input", "rml-input rml-small");
  tag.placeholder = "Add a tag";
  tag.maxLength = 40;
  tag.setAttribute("aria-label", "Add a tag");
  tag.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") tag.value = "";
    if (event.key !== "Enter" || !tag.value.trim()) return;
    act.tag([row], [tag.value.trim()], []);
    tag.value = "";
  });
  tags.append(tag);
  const notes = made("textarea", "rml-input rml-xp-notes");
  notes.placeholder = "Notes: why this run, what came of it";
  notes.maxLength = 4000;
  notes.setAttribute("aria-label", "Notes");
  const saved = made("span", "rml-caption");
  saved.setAttribute("role", "status");
  const written = made("div", "rml-xp-said");
  written.append(tags, notes, saved);
  pane.append(head, about, problem, buttons, figures, written);

  let row = null;
  let timer = 0;
  const save = () => {
    clearTimeout(timer);
    timer = 0;
    if (!row || notes.value.trim() === row.notes) return;
    row = { ...row, notes: notes.value.trim() }; // first: what follows shows the rows anew, and would save it again
    act.note(row, row.notes);
    say(saved, "Saved");
  };
  notes.addEventListener("input", () => {
    say(saved, "");
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_AFTER_MS);
  });
  notes.addEventListener("blur", save);
  notes.addEventListener("keydown", (event) => event.stopPropagation());

  const facts = () => [
    ["State", goesOn(row) ? `${STATES[row.state]}, ${percent(row)}` : STATES[row.state]],
    ["Return", score(row.return_mean) && `${score(row.return_mean)}, mean of the last ${count(Math.min(window, row.episodes ?? window), "game")}`],
    ["Best return", score(row.return_best)],
    ["Steps", row.total_timesteps ? `${whole(row.steps)} of ${whole(row.total_timesteps)}` : whole(row.steps)],
    ["Episodes", whole(row.episodes)],
    ["Training time", timeOf(row)],
    ["Made", exactTime(row.created_ms)],
    ["Ended", exactTime(row.ended_ms)],
    ["Id", row.run_id],
  ];
  const show = (next) => {
    if (next?.run_id !== row?.run_id) {
      save(); // of the run before, while it is still known
      row = null;
      say(saved, "");
      tag.value = "";
      notes.value = next?.notes ?? "";
    } else if (next && !timer && document.activeElement !== notes) {
      notes.value = next.notes;
    }
    row = next;
    pane.hidden = !row;
    if (!row) return;
    say(title, titleOf(row));
    title.title = titleOf(row);
    say(about, [row.env_id, row.algorithm, row.seed === null ? "" : `seed ${row.seed}`].filter(Boolean).join(" · "));
    problem.hidden = !row.problem;
    const failed = row.state === "failed";
    problem.classList.toggle("rml-error", failed);
    problem.classList.toggle("rml-warning", !failed);
    say(problem, `${failed ? "✕" : "!"} ${row.problem}`);
    figures.replaceChildren(
      ...facts().filter(([, value]) => value).flatMap(([name, value]) => [made("dt", "", name), made("dd", "", value)]),
    );
    if (tags.dataset.told === JSON.stringify(row.tags)) return; // so that whoever writes a tag keeps the keyboard
    tags.dataset.told = JSON.stringify(row.tags);
    const chips = row.tags.map((text) => {
      const chip = made("span", "rml-xp-tag", text);
      const off = pressed("✕", `Take the tag ${text} off`, "rml-xp-off", () => {
        act.tag([row], [], [text]);
        tag.focus({ preventScroll: true });
      });
      off.setAttribute("aria-label", `Take the tag ${text} off`);
      chip.append(off);
      return chip;
    });
    [...tags.children].forEach((node) => node !== tag && node.remove());
    tag.before(...chips);
  };
  return { pane, show, save };
};

// Test: how many games, how actions are chosen, how fast it is shown; then each game and what they come to.

function render({ model, el }) {
  el.classList.add("rml-evaluation");
  const { body } = makeCard(el, "Test");

  const field = (label, control, help) => {
    const row = made("label", "rml-evaluation-field");
    row.title = help;
    row.append(made("span", "", label), control);
    body.append(row);
    return control;
  };
  const episodes = made("input", "rml-number");
  episodes.type = "text";
  episodes.inputMode = "numeric";
  field("Games", episodes, "How many whole games the agent plays. The mean of few games says little.");
  const actions = made("select", "rml-input rml-small");
  actions.append(new Option("drawn", "drawn"), new Option("likeliest", "likeliest"));
  field("Actions", actions, "Drawn: as in training, by the policy's probabilities. Likeliest: always the best in its own eyes; without sticky actions that can be one game again and again.");
  const pace = made("select", "rml-input rml-small");
  for (const [value, label] of model.get("paces")) pace.append(new Option(label, value));
  field("Shown at", pace, "How fast the games are played while they are watched; can be changed meanwhile.");

  const row = made("div", "rml-evaluation-buttons");
  const test = made("button", "rml-button rml-small", "Test");
  test.type = "button";
  const status = made("span", "rml-caption");
  status.setAttribute("role", "status");
  // The games are shown by another card, which may be out of sight from here.
  const watch = made("button", "rml-link", "Watch");
  watch.type = "button";
  watch.title = "Show the games under Live";
  watch.addEventListener("click", () => {
    const live = el.closest(".rml-panel").querySelector(".rml-feed");
    if (live.querySelector(".rml-card-body").hidden) live.querySelector(".rml-fold").click();
    live.scrollIntoView({ block: "center" });
  });
  row.append(test, status, watch);
  const summary = made("dl", "rml-evaluation-summary");
  const table = made("table", "rml-evaluation-games");
  const caption = made("caption", "rml-unseen", "Games of the test");
  const head = document.createElement("thead");
  const heads = made("tr");
  for (const name of ["Game", "Return", "Steps", "Ended by"]) {
    const cell = made("th", "", name);
    cell.scope = "col";
    heads.append(cell);
  }
  head.append(heads);
  const rows = document.createElement("tbody");
  table.append(caption, head, rows);
  const scroller = made("div", "rml-evaluation-scroller");
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "group");
  scroller.setAttribute("aria-label", "Games of the test");
  scroller.append(table);
  body.append(row, summary, scroller);

  const write = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  episodes.addEventListener("change", () => {
    const typed = Number(episodes.value.replace(/[, ]/g, ""));
    const most = model.get("most_episodes");
    status.textContent = Number.isInteger(typed) && typed >= 1 && typed <= most ? "" : `Give a number of games from 1 to ${most}.`;
    if (!status.textContent) write("episodes", typed);
    episodes.value = model.get("episodes");
  });
  actions.addEventListener("change", () => write("deterministic", actions.value === "likeliest"));
  pace.addEventListener("change", () => write("pace", pace.value));
  test.addEventListener("click", () => {
    if (test.getAttribute("aria-disabled") === "true") return;
    const chosen = Object.fromEntries(["episodes", "deterministic", "pace"].map((name) => [name, model.get(name)]));
    model.send({ action: model.get("running") ? "stop" : "test", ...chosen }); // settings alone may come after it
  });

  const refresh = () => {
    const running = model.get("running");
    episodes.value = model.get("episodes");
    episodes.disabled = running;
    actions.value = model.get("deterministic") ? "likeliest" : "drawn";
    actions.disabled = running;
    pace.value = model.get("pace");
    test.textContent = running ? "Stop test" : "Test";
    watch.hidden = !running;
    test.setAttribute("aria-disabled", String(!model.get("ready")));
    test.title = model.get("ready") ? "" : "There is no agent to test";
    if (status.textContent !== model.get("said")) status.textContent = model.get("said");
    const result = model.get("result");
    summary.hidden = !result.return;
    summary.replaceChildren();
    const add = (name, value) => value && summary.append(made("dt", "", name), made("dd", "", value));
    add("Return", result.return);
    add("Range", result.between);
    add("Length", result.length);
    add("How", result.conditions);
    add("Kept as", result.kept);
    const games = model.get("games");
    scroller.hidden = games.length === 0;
    while (rows.children.length > games.length) rows.lastChild.remove();
    for (let i = rows.children.length; i < games.length; i++) {
      const line = made("tr");
      const { episode_return, length, ending } = games[i];
      line.append(...[i + 1, score(episode_return), whole(length), ending].map((value) => made("td", "", String(value))));
      rows.append(line);
      scroller.scrollTop = scroller.scrollHeight;
    }
  };
  const watched = ["running", "episodes", "deterministic", "pace", "ready", "said", "games", "result"];
  watched.forEach((name) => model.on(`change:${name}`, refresh));
  // Asked for from another tab: its page has to be shown first.
  const attend = (message) => message.kind === "attend" && requestAnimationFrame(() => {
    if (body.hidden) el.querySelector(".rml-fold").click();
    el.scrollIntoView({ block: "nearest" });
    test.focus({ preventScroll: true });
  });
  model.on("msg:custom", attend);
  refresh();
  return () => {
    watched.forEach((name) => model.off(`change:${name}`, refresh));
    model.off("msg:custom", attend);
  };
}

export default { render };

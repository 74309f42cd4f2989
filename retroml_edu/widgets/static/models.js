// All models of all runs: searched and sorted in the page; what is done with them is asked of Python.

const LOOK_MS = 3000; // at runs that go on, while somebody sees them
const TIMES_MS = 30000;

export default () => {
  const shared = sharedRows("run_id");
  const { rows: models, changed, views } = shared;

  const render = ({ model, el }) => {
    el.classList.add("rml-xp", "rml-mod");
    const columns = modelColumns(model.get("window"));
    const table = { view: [], chosen: new Set(), sort: { key: "date", descending: true }, get rows() { return models.size; } };
    let search = "";
    let chosen = null; // id of the run whose model is shown
    const awaited = new Map(); // what this view asked for, by the token of the answer

    const ask = (action, more) => model.send({ action, ...more });
    const asking = (action, row) => {
      const what = `${action} ${row.run_id}`;
      if ([...awaited.values()].includes(what)) return; // pressed twice
      const token = crypto.randomUUID?.() ?? String(Math.random());
      awaited.set(token, what);
      ask(action, { run_id: row.run_id, token });
    };
    const act = {
      ask,
      sort: (column) => {
        const again = table.sort.key === column.key;
        table.sort = { key: column.key, descending: again ? !table.sort.descending : Boolean(column.down) };
        refresh();
      },
      walked: (row) => {
        chosen = row?.run_id ?? chosen;
        refresh();
      },
      stood: (row) => act.walked(row),
      choose: () => {},
      escape: () => {},
      remove: () => {},
      undo: () => {},
      open: (row) => row && ask("open", { run_id: row.run_id }),
      startRename: (row) => grid.rename(row),
      rename: (row, name) => {
        models.set(row.run_id, { ...row, name, words: undefined }); // Python tells it again, as it is
        changed();
        ask("rename", { run_id: row.run_id, name });
      },
      goOn: (row, steps, step) => ask("continue", { run_id: row.run_id, steps, step }),
      evaluate: (row) => ask("evaluate", { run_id: row.run_id }),
      give: (row) => {
        detail.told("Making the zip …");
        asking("export", row);
      },
      save: (row) => asking("save", row),
      checkpoints: (row) => asking("checkpoints", row),
      loaded: (run_id) => {
        chosen = run_id;
        search = box.value = "";
        refresh();
      },
    };

    const bar = made("div", "rml-xp-tools");
    const find = (text) => {
      search = text;
      refresh();
    };
    const box = searchBox("models", "name, id, game, algorithm, state, tags", "rml-xp-search", find, () => grid.focus());
    const load = modelLoad(model, act);
    const shown = made("span", "rml-caption rml-xp-shown");
    shown.setAttribute("role", "status");
    const again = pressed("↻", "Refresh the list", "rml-icon", () => ask("refresh"));
    again.setAttribute("aria-label", "Refresh");
    bar.append(box, load.nodes, load.status, shown, again);

    const grid = gridOf(columns, table, act, "Models. Enter opens the run, F2 renames.");
    const detail = modelDetail(model.get("window"), act);
    const empty = made("div", "rml-xp-empty");
    const words = made("span");
    words.setAttribute("role", "status");
    empty.append(words);
    const stage = made("div", "rml-xp-table");
    stage.append(grid.grid, empty);
    const problems = made("div", "rml-xp-problems");
    problems.setAttribute("role", "alert");
    const hint = made("div", "rml-caption rml-xp-hint", "A row is what a run has learned: its final weights and its checkpoints. ✓ marks a return that a test of the final weights found.");
    const left = made("div", "rml-xp-left");
    left.append(stage, hint, problems);
    const main = made("div", "rml-xp-main");
    main.append(left, detail.pane);
    el.append(bar, main);

    const nothing = () => {
      if (!shared.read) return model.get("reading") || !sight.seen ? "Reading the models …" : "The models could not be read. Press ↻ to try again.";
      return models.size ? "No model matches what is searched." : "There are no models yet. Train an agent, or load a model of stable-baselines3.";
    };
    const nothingSet = Object.fromEntries(FILTERS.map(({ key }) => [key, new Set()]));
    const refresh = () => {
      const column = columns.find(({ key }) => key === table.sort.key);
      table.view = sorted(found([...models.values()], search, nothingSet), column, table.sort.descending);
      if (!models.has(chosen)) chosen = table.view[0]?.run_id ?? null;
      table.chosen = new Set([chosen].filter(Boolean));
      grid.refresh();
      detail.show(models.get(chosen) ?? null);
      empty.hidden = table.view.length > 0;
      say(words, empty.hidden ? "" : nothing());
      const some = table.view.length < models.size ? `${whole(table.view.length)} of ` : "";
      say(shown, `${some}${count(models.size, "model")}`);
    };

    const sight = whileSeen(
      el,
      () => ask("begin"),
      () => {},
      [LOOK_MS, () => [...models.values()].some(goesOn) && ask("look")],
      [TIMES_MS, grid.renewTimes],
    );
    const tell = () => sayProblems(problems, model.get("notice").problems);
    const onMessage = (message, buffers) => {
      load.take(message);
      if (!awaited.delete(message.token)) return;
      if (message.kind === "said") detail.told(message.text);
      if (message.kind === "checkpoints") detail.tellCheckpoints(message);
      if (message.kind === "file") detail.told(saveFile(message, buffers));
    };
    views.add(refresh);
    model.on("msg:custom", onMessage);
    model.on("change:notice", tell);
    model.on("change:reading", refresh);
    tell();
    refresh();
    return () => {
      views.delete(refresh);
      sight.end();
      grid.end();
      model.off("msg:custom", onMessage);
      model.off("change:notice", tell);
      model.off("change:reading", refresh);
    };
  };

  return { initialize: shared.initialize, render };
};

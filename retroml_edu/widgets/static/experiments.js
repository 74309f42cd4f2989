// The runs table: searched, filtered and sorted in the page; what changes the runs is asked of Python.

const LOOK_MS = 3000; // at runs that go on, while somebody sees them
const TIMES_MS = 30000;

export default () => {
  const shared = sharedRows("run_id");
  const { rows: runs, changed, views } = shared;

  const render = ({ model, el }) => {
    el.classList.add("rml-xp");
    const columns = columnsFor(model.get("window"));
    const table = {
      view: [],
      chosen: new Set(),
      search: "",
      filters: Object.fromEntries(FILTERS.map(({ key }) => [key, new Set()])),
      sort: { key: "made", descending: true },
      all: () => [...runs.values()],
      get rows() { return runs.size; },
      picked: () => table.view.filter((row) => table.chosen.has(row.run_id)),
    };
    let detailed = null; // id of the run whose details are shown
    let awaited = null; // the export that this view asked for

    const ids = (rows) => rows.map((row) => row.run_id);
    const ask = (action, more) => model.send({ action, ...more });
    // Shown at once; Python tells the row again, as it was if it could not be done.
    const expect = (rows, change) => {
      for (const row of rows) {
        if (runs.has(row.run_id)) runs.set(row.run_id, { ...row, words: undefined, ...change(row) });
      }
      changed();
    };
    const act = {
      search: (text) => {
        table.search = text;
        refresh();
      },
      filter: (key, value, on) => {
        if (on) table.filters[key].add(value);
        else table.filters[key].delete(value);
        refresh();
      },
      clear: () => {
        table.search = "";
        for (const key in table.filters) table.filters[key].clear();
        tools.clearSearch();
        refresh();
      },
      sort: (column) => {
        const again = table.sort.key === column.key;
        table.sort = { key: column.key, descending: again ? !table.sort.descending : Boolean(column.down) };
        refresh();
      },
      choose: (rows, on) => {
        for (const row of rows) {
          if (on) table.chosen.add(row.run_id);
          else table.chosen.delete(row.run_id);
        }
        refresh();
      },
      chooseNone: () => {
        table.chosen.clear();
        refresh();
        grid.focus();
      },
      walked: (row) => {
        detailed = row?.run_id ?? null;
        detail.show(row);
      },
      stood: (row) => detailed && act.walked(row),
      escape: () => (table.chosen.size ? act.chooseNone() : act.shutDetail()),
      shutDetail: () => {
        detailed = null;
        detail.show(null);
        grid.focus();
      },
      focus: () => grid.focus(),
      refresh: () => ask("refresh"),
      open: (row) => row && ask("open", { run_id: row.run_id }),
      clone: (row) => row && ask("clone", { run_id: row.run_id }),
      compare: (rows) => rows.length && ask("overlay", { run_ids: ids(rows) }),
      startRename: (row) => grid.rename(row),
      rename: (row, name) => {
        expect([row], () => ({ name }));
        ask("rename", { run_id: row.run_id, name });
      },
      note: (row, notes) => {
        expect([row], () => ({ notes }));
        ask("note", { run_id: row.run_id, notes });
      },
      tag: (rows, add, remove) => {
        expect(rows, (row) => ({ tags: [...new Set([...row.tags.filter((tag) => !remove.includes(tag)), ...add])] }));
        ask("tag", { run_ids: ids(rows), add, remove });
      },
      remove: (row) => {
        const rows = table.picked().length ? table.picked() : [row].filter(Boolean);
        if (rows.length) ask("delete", { run_ids: ids(rows) });
        grid.focus();
      },
      undo: () => ask("undo"),
      exportRuns: (forms) => {
        if (awaited) return; // one at a time: what is being made is told
        awaited = crypto.randomUUID?.() ?? String(Math.random());
        foot.tellExport("Making the zip …");
        ask("export", { run_ids: ids(table.picked()), forms, token: awaited });
      },
    };

    const tools = toolsOf(table, act);
    const grid = gridOf(columns, table, act);
    const detail = detailOf(model.get("window"), act);
    const foot = footOf(table, act, model.get("exports"));
    const empty = made("div", "rml-xp-empty");
    const words = made("span");
    words.setAttribute("role", "status");
    const showAll = pressed("Show all runs", "", "rml-link", act.clear);
    empty.append(words, showAll);
    const stage = made("div", "rml-xp-table");
    stage.append(grid.grid, empty);
    const left = made("div", "rml-xp-left");
    left.append(stage, foot.foot);
    const main = made("div", "rml-xp-main");
    main.append(left, detail.pane);
    el.append(tools.bar, main);
    detail.show(null);

    const nothing = () => {
      if (!shared.read) return model.get("reading") || !sight.seen ? "Reading the runs …" : "The runs could not be read. Press ↻ to try again.";
      return runs.size ? "No run matches what is searched." : "There are no runs yet. Train one, and it appears here.";
    };
    const refresh = () => {
      for (const run_id of table.chosen) if (!runs.has(run_id)) table.chosen.delete(run_id);
      const column = columns.find(({ key }) => key === table.sort.key);
      table.view = sorted(found(table.all(), table.search, table.filters), column, table.sort.descending);
      tools.refresh();
      grid.refresh();
      foot.refresh();
      // Also when it is filtered out by now: somebody may be writing its notes.
      if (detailed && !runs.has(detailed)) detailed = grid.active()?.run_id ?? null;
      detail.show(runs.get(detailed) ?? null);
      empty.hidden = table.view.length > 0;
      showAll.hidden = !runs.size;
      say(words, empty.hidden ? "" : nothing());
    };

    const sight = whileSeen(
      el,
      () => ask("begin"),
      () => {},
      [LOOK_MS, () => table.all().some(goesOn) && ask("look")],
      [TIMES_MS, grid.renewTimes],
    );
    const tell = () => foot.tell(model.get("notice"), model.get("working"));
    const onMessage = (message, buffers) => {
      if (message.token !== awaited) return;
      if (message.kind !== "file") foot.tellExport(message.text);
      if (message.kind === "progress") return;
      awaited = null;
      if (message.kind === "file") foot.tellExport(saveFile(message, buffers));
    };
    views.add(refresh);
    model.on("msg:custom", onMessage);
    model.on("change:notice", tell);
    model.on("change:working", tell);
    model.on("change:reading", refresh);
    tell();
    refresh();
    return () => {
      detail.save();
      views.delete(refresh);
      sight.end();
      grid.end();
      model.off("msg:custom", onMessage);
      model.off("change:notice", tell);
      model.off("change:working", tell);
      model.off("change:reading", refresh);
    };
  };

  return { initialize: shared.initialize, render };
};

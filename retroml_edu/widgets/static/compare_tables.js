// Under the chart: the runs with their signs, and the settings in which they differ.

const COMPARED = [
  ["name", "Run"], ["env_id", "Environment"], ["algorithm", "Algorithm"], ["seed", "Seed"], ["steps", "Steps"], ["return", "Return"], ["state", "State"],
];

const tableOf = (name, caption, heads) => {
  const table = made("table", `rml-cmp-table ${name}`);
  table.append(made("caption", "", caption));
  if (heads.length) {
    const row = made("tr");
    row.append(...heads.map(([key, text]) => {
      const head = made("th", "", text);
      head.scope = "col";
      head.dataset.column = key;
      return head;
    }));
    const head = made("thead");
    head.append(row);
    table.append(head);
  }
  const body = made("tbody");
  table.append(body);
  return { table, body };
};

const legendOf = (lastGames, act) => {
  const { table, body } = tableOf("rml-cmp-legend", "Runs that are compared", [...COMPARED, ["do", "Show"]]);
  table.querySelector('[data-column="return"]').title = `Mean return of the last ${lastGames} games, or of all, if there are fewer`;
  table.querySelector('[data-column="return"]').textContent = `Return, last ${lastGames}`;
  const lines = new Map();

  const make = (run) => {
    const line = made("tr");
    const cells = Object.fromEntries([...COMPARED, ["do"]].map(([key]) => {
      const cell = made(key === "name" ? "th" : "td");
      if (key === "name") cell.scope = "row";
      cell.dataset.column = key;
      line.append(cell);
      return [key, cell];
    }));
    const name = made("span", "rml-cmp-name");
    const about = made("span", "rml-caption rml-cmp-about");
    const sign = made("span", "rml-cmp-signed");
    const stands = made("span", "rml-caption rml-cmp-stands");
    cells.name.append(sign, name, about, stands);
    const word = made("span", "rml-xp-state");
    cells.state.append(word);
    const toggle = pressed("", "", "rml-button rml-small", () => act.hide(run.run_id, !lines.get(run.run_id).hidden));
    const off = pressed("✕", "", "rml-icon", () => act.drop(run.run_id));
    cells.do.append(toggle, off);
    return { line, cells, name, about, stands, sign, word, toggle, off, hidden: false };
  };
  const fill = (item, run) => {
    const { cells } = item;
    item.hidden = run.hidden;
    item.line.classList.toggle("rml-cmp-hidden", run.hidden);
    item.sign.replaceChildren(signOf(run));
    say(item.name, run.name);
    item.name.title = run.name;
    const seed = run.seed === null ? "" : String(run.seed);
    say(item.about, [run.env_id, run.algorithm, seed && `seed ${seed}`].filter(Boolean).join(" · "));
    say(cells.env_id, run.env_id);
    say(cells.algorithm, run.algorithm);
    say(cells.seed, seed);
    say(cells.steps, whole(run.steps));
    const few = run.games && run.games < lastGames ? ` (${count(run.games, "game")})` : "";
    say(cells.return, (run.return_mean ?? null) === null ? "" : `${score(run.return_mean)}${few}`);
    const state = !STATES[run.state] ? "Deleted" : goesOn(run) ? `${STATES[run.state]}, ${percent(run)}` : STATES[run.state];
    say(item.word, state);
    say(item.stands, `${state} · ${count(run.steps, "step")}`); // where there is no room for the columns
    item.word.dataset.state = run.state;
    say(item.toggle, run.hidden ? "Show" : "Hide");
    item.toggle.setAttribute("aria-label", `${run.hidden ? "Show" : "Hide"} ${run.name}`);
    item.off.title = `Take ${run.name} off the comparison`;
    item.off.setAttribute("aria-label", item.off.title);
  };
  const refresh = (runs) => {
    const gone = new Set(lines.keys());
    for (const run of runs) {
      gone.delete(run.run_id);
      if (!lines.has(run.run_id)) lines.set(run.run_id, make(run));
      const item = lines.get(run.run_id);
      fill(item, run);
      if (!item.line.isConnected) body.append(item.line);
    }
    for (const run_id of gone) {
      lines.get(run_id).line.remove();
      lines.delete(run_id);
    }
  };
  return { table, refresh };
};

const differencesOf = () => {
  const { table, body } = tableOf("rml-cmp-differences", "Settings that differ", []);
  const same = made("p", "rml-caption");
  const box = made("div");
  box.append(table, same);
  const refresh = ({ differences, compared, runs }) => {
    const known = new Map(runs.map((run) => [run.run_id, run]));
    body.replaceChildren(...differences.map(([label, values]) => {
      const head = made("th", "", label);
      head.scope = "row";
      const list = made("ul");
      list.append(...values.map(([value, run_ids]) => {
        const item = made("li");
        const whose = made("span", "rml-cmp-whose");
        whose.append(...run_ids.map((run_id) => {
          const one = made("span");
          one.append(signOf(known.get(run_id)), made("span", "", known.get(run_id).name));
          return one;
        }));
        item.append(made("strong", "", value), whose);
        return item;
      }));
      const cell = made("td");
      cell.append(list);
      const line = made("tr");
      line.append(head, cell);
      return line;
    }));
    table.hidden = !differences.length;
    same.hidden = compared < 2 || differences.length > 0;
    say(same, "The settings of these runs are the same, seeds included.");
  };
  return { box, refresh };
};

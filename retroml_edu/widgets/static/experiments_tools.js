// Above the table: search, filters, how many are shown. Below it: what can be done with the chosen runs.

const toolsOf = (table, act) => {
  const bar = made("div", "rml-xp-tools");
  const where = "name, id, environment, algorithm, state, tags, notes, seed 7";
  const search = searchBox("runs", where, "rml-xp-search", act.search, () => act.focus());
  const filters = made("div", "rml-xp-filters");
  filters.setAttribute("role", "group");
  filters.setAttribute("aria-label", "Filters");
  const chips = FILTERS.map((filter) => {
    const chip = pressed("", "", "rml-chip", () => {});
    const fill = (card) => {
      const values = valuesOf(table.all(), filter);
      for (const value of table.filters[filter.key]) if (!values.some(([known]) => known === value)) values.push([value, 0]);
      const choices = values.map(([value, number]) => {
        const label = choice(value, table.filters[filter.key].has(value), (on) => act.filter(filter.key, value, on));
        label.append(made("span", "rml-xp-count", number.toLocaleString("en-US")));
        return label;
      });
      const nothing = filter.key === "tags" ? "No run has a tag yet: choose runs, then press Tag." : "There are no runs.";
      card.append(...(choices.length ? choices : [made("div", "rml-caption", nothing)]));
    };
    const { box } = menu(chip, `Filter by ${filter.label.toLowerCase()}`, fill);
    filters.append(box);
    return [filter, chip];
  });
  const clear = pressed("Clear", "Show all runs again", "rml-link", () => {
    search.value = "";
    act.clear();
    search.focus({ preventScroll: true });
  });
  filters.append(clear);
  const shown = made("span", "rml-caption rml-xp-shown");
  shown.setAttribute("role", "status");
  const again = pressed("↻", "Refresh the list", "rml-icon", act.refresh);
  again.setAttribute("aria-label", "Refresh");
  bar.append(search, filters, shown, again);
  const refresh = () => {
    for (const [filter, chip] of chips) {
      const chosen = [...table.filters[filter.key]];
      const values = chosen.length > 2 ? String(chosen.length) : chosen.join(", ");
      say(chip, `${filter.label}${chosen.length ? `: ${values}` : ""} ▾`);
      chip.title = chosen.length ? `${filter.label}: ${chosen.join(", ")}` : `Show only some: ${filter.label.toLowerCase()}`;
      chip.setAttribute("aria-pressed", String(chosen.length > 0));
    }
    clear.hidden = !table.search && chips.every(([filter]) => !table.filters[filter.key].size);
    const some = table.view.length < table.rows;
    say(shown, some ? `${table.view.length.toLocaleString("en-US")} of ${count(table.rows, "run")}` : count(table.rows, "run"));
  };
  const clearSearch = () => (search.value = "");
  return { bar, refresh, clearSearch };
};

const footOf = (table, act, exports) => {
  const foot = made("div", "rml-xp-foot");
  const actions = made("div", "rml-xp-actions");
  actions.setAttribute("role", "toolbar");
  actions.setAttribute("aria-label", "What to do with the chosen runs");
  const button = (text, title, work = () => {}) => {
    const node = pressed(text, title, "rml-button rml-small", () => node.getAttribute("aria-disabled") === "true" || work());
    return node;
  };
  const chosen = made("span", "rml-xp-chosen");
  chosen.setAttribute("role", "status");
  const open = button("Open", "Show the run in the panel (Enter)", () => act.open(table.picked()[0]));
  const clone = button("Clone settings", "Take its settings over into the form, for a new run", () => act.clone(table.picked()[0]));
  const beside = button("Compare", "Show their curves in one chart, in the tab Compare", () => act.compare(table.picked()));
  const pack = button("Export ▾", "Download the chosen runs as one zip");
  const tag = button("Tag ▾", "Put tags on the chosen runs, or take them off");
  const remove = button("Delete", "Move the chosen runs to the trash; Undo brings them back (Delete)", () => act.remove());
  const none = pressed("Clear choice", "Choose none (Escape)", "rml-link", act.chooseNone);
  const forms = new Set(["csv"]);
  const fillExport = (card, close) => {
    const go = pressed("Download", "", "rml-button rml-small rml-primary", () => {
      if (!forms.size) return;
      act.exportRuns([...forms]);
      close();
    });
    const ready = () => go.setAttribute("aria-disabled", String(!forms.size));
    for (const [form, about] of exports) {
      const label = choice(form.toUpperCase(), forms.has(form), (on) => {
        if (on) forms.add(form);
        else forms.delete(form);
        ready();
      });
      label.append(made("span", "rml-caption", about));
      card.append(label);
    }
    ready();
    card.append(made("div", "rml-caption", "One zip, with a table of the runs"), go);
  };
  const fillTag = (card) => {
    const runs = table.picked();
    const input = made("input", "rml-input");
    input.placeholder = "New tag";
    input.maxLength = 40;
    input.setAttribute("aria-label", `New tag for ${count(runs.length, "run")}`);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return;
      event.stopPropagation();
      if (event.key === "Enter" && input.value.trim()) {
        act.tag(table.picked(), [input.value.trim()], []);
        fillAgain();
      }
    });
    const known = valuesOf(table.all(), FILTERS.find(({ key }) => key === "tags")).map(([value]) => value);
    const choices = known.map((value) => {
      const have = runs.filter((row) => row.tags.includes(value)).length;
      const label = choice(value, have === runs.length, (on) => act.tag(table.picked(), on ? [value] : [], on ? [] : [value]));
      label.firstChild.indeterminate = have > 0 && have < runs.length;
      return label;
    });
    const fillAgain = () => {
      card.replaceChildren();
      fillTag(card);
      card.querySelector("input").focus({ preventScroll: true });
    };
    card.append(input, ...choices);
  };
  const exportMenu = menu(pack, "Export the chosen runs", fillExport, true);
  const tagMenu = menu(tag, "Tags of the chosen runs", fillTag, true);
  actions.append(chosen, open, clone, beside, exportMenu.box, tagMenu.box, remove, none);
  const hint = made("div", "rml-caption rml-xp-hint", "Choose runs by their boxes. ↑ ↓ walk, Space chooses, Enter opens, F2 renames, Delete deletes.");
  const notice = made("div", "rml-xp-notice");
  const said = made("span");
  said.setAttribute("role", "status");
  const undo = pressed("Undo", "Bring them back (Ctrl+Z in the table)", "rml-link", act.undo);
  const exported = made("span", "rml-caption");
  exported.setAttribute("role", "status");
  notice.append(said, undo, exported);
  const problems = made("div", "rml-xp-problems");
  problems.setAttribute("role", "alert");
  foot.append(actions, hint, notice, problems);
  const refresh = () => {
    const number = table.picked().length;
    actions.hidden = !number;
    hint.hidden = number > 0;
    if (!number) {
      exportMenu.close(false);
      tagMenu.close(false);
    }
    say(chosen, number ? `${number.toLocaleString("en-US")} chosen` : "");
    for (const node of [open, clone]) {
      node.setAttribute("aria-disabled", String(number !== 1));
    }
  };
  const tell = ({ text, problems: sentences, undo: can }, working) => {
    say(said, working || text);
    undo.hidden = !can || Boolean(working);
    sayProblems(problems, sentences);
  };
  const tellExport = (text) => say(exported, text);
  return { foot, refresh, tell, tellExport };
};

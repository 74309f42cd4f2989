// The small window in which runs are chosen: all runs of the home, searched as in Experiments.

const MOST_LISTED = 60; // of thousands: the search finds the others

const NO_FILTERS = Object.fromEntries(FILTERS.map(({ key }) => [key, new Set()]));

// `isChosen` and `allRuns` tell what is so now; `choose` asks for it to be otherwise.
const pickerOf = (columns, allRuns, isChosen, choose) => {
  const newest = columns.find(({ key }) => key === "made");
  const button = pressed("Add runs ▾", "Choose which runs are compared", "rml-button rml-small rml-primary", () => {});
  const list = made("div", "rml-cmp-list");
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", "Runs");
  const more = made("div", "rml-caption");
  more.setAttribute("role", "status");
  let text = "";

  const draw = () => {
    const rows = sorted(found(allRuns(), text, NO_FILTERS), newest, true);
    const kept = document.activeElement?.closest?.("[data-run]")?.dataset.run;
    list.replaceChildren(...rows.slice(0, MOST_LISTED).map((row) => {
      const label = choice(titleOf(row), isChosen(row.run_id), (on) => {
        label.firstChild.checked = !on; // until Python says so: it may refuse
        choose(row.run_id, on);
      });
      label.dataset.run = row.run_id;
      const about = [row.env_id, row.algorithm, row.seed === null ? "" : `seed ${row.seed}`, STATES[row.state]];
      label.append(made("span", "rml-caption", about.filter(Boolean).join(" · ")));
      return label;
    }));
    if (kept) list.querySelector(`[data-run="${CSS.escape(kept)}"] input`)?.focus({ preventScroll: true });
    const nothing = allRuns().length ? "No run matches what is searched." : "There are no runs yet. Train one first.";
    const rest = rows.length > MOST_LISTED ? `, of which the newest ${MOST_LISTED} are listed: search for the others` : "";
    say(more, rows.length ? `${count(rows.length, "run")}${rest}` : nothing);
  };
  const refresh = () => list.isConnected && !list.closest("[hidden]") && draw();
  const { box } = menu(button, "Runs to compare", (card) => {
    text = "";
    card.classList.add("rml-cmp-picker");
    const search = searchBox(
      "runs", "name, id, environment, algorithm, state, tags, notes, seed 7", "rml-cmp-search",
      (typed) => {
        text = typed;
        draw();
      },
      () => list.querySelector("input")?.focus(),
    );
    search.addEventListener("keydown", (event) => event.key === "Escape" && button.click());
    card.append(search, list, more);
    draw();
  });
  return { box, button, refresh };
};

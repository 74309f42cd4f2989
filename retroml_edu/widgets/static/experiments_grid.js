// The grid: only the rows in sight are in the page, however many there are. One tab stop; the arrows walk in it.

const ROW = 34; // pixels, as in experiments.css
const SPARE = 6; // rows above and below what is in sight
const MOST_ROWS = 12;
const FEWEST_ROWS = 5;

let grids = 0;

// `table` holds what is shown: view (rows), chosen (ids), sort; `act` what a person may do.
const gridOf = (columns, table, act, label = "Runs. Enter opens, Space selects, F2 renames, Delete deletes.") => {
  const id = `rml-xp-${(grids += 1)}`;
  const grid = made("div", "rml-xp-grid");
  grid.tabIndex = 0;
  grid.setAttribute("role", "grid");
  grid.setAttribute("aria-label", label);
  grid.setAttribute("aria-multiselectable", "true");
  grid.setAttribute("aria-colcount", String(columns.length + 1));

  // -- head ---------------------------------------------------------------------------------------------------------

  const head = made("div", "rml-xp-row rml-xp-head");
  head.setAttribute("role", "row");
  head.setAttribute("aria-rowindex", "1");
  const cellOf = (column, role, at) => {
    const cell = made("div", "rml-xp-cell");
    cell.setAttribute("role", role);
    cell.setAttribute("aria-colindex", String(at + 1));
    cell.dataset.column = column?.key ?? "chosen";
    if (column?.number) cell.classList.add("rml-xp-number");
    return cell;
  };
  const boxOf = (cell) => {
    const box = made("input");
    box.type = "checkbox";
    box.tabIndex = -1;
    cell.append(box);
    return box;
  };
  const all = boxOf(head.appendChild(cellOf(null, "columnheader", 0)));
  all.setAttribute("aria-label", "Select all runs that are shown");
  all.title = "Select all that are shown";
  all.addEventListener("change", () => act.choose(table.view, all.checked));
  columns.forEach((column, at) => {
    const cell = cellOf(column, "columnheader", at + 1);
    const sort = pressed(column.label, column.about ?? `Sort by ${column.label.toLowerCase()}`, "rml-xp-sort", () => act.sort(column));
    sort.tabIndex = -1;
    sort.dataset.again = ""; // the second press turns the order round
    cell.append(sort);
    head.append(cell);
  });
  const space = made("div", "rml-xp-space");
  space.setAttribute("role", "rowgroup");
  grid.append(head, space);
  [...head.children].forEach((cell, at) => (cell.id = `${id}-head-${at}`));

  // -- rows ---------------------------------------------------------------------------------------------------------

  const drawn = new Map();
  let active = -1; // place of the row that the keys are on; -1 is the head
  let activeId = null; // of its run
  let place = -1; // of the cell in it; -1 is the row itself
  let anchor = 0; // from where Shift selects
  let walked = false;
  let naming = null;

  const make = (row) => {
    const node = made("div", "rml-xp-row");
    node.setAttribute("role", "row");
    node.id = `${id}-${row.run_id}`;
    node.dataset.run = row.run_id;
    const first = node.appendChild(cellOf(null, "gridcell", 0));
    const box = boxOf(first);
    const cells = columns.map((column, at) => node.appendChild(cellOf(column, "gridcell", at + 1)));
    [...node.children].forEach((cell, at) => (cell.id = `${node.id}-${at}`));
    const progress = made("span", "rml-xp-progress");
    progress.append(made("span"));
    return { node, box, cells, progress, row: null };
  };

  const fillState = (cell, row, progress) => {
    const word = made("span", "rml-xp-state", STATES[row.state]);
    word.dataset.state = row.state;
    cell.replaceChildren(word);
    if (!goesOn(row)) return row.problem;
    progress.firstChild.style.width = percent(row).replace(" ", "");
    cell.append(made("span", "rml-xp-percent", percent(row)), progress);
    return `${STATES[row.state]}: ${whole(row.steps)} of ${count(row.total_timesteps, "step")}`;
  };
  const fill = (item, row) => {
    item.row = row;
    item.box.setAttribute("aria-label", `Select ${titleOf(row)}`);
    columns.forEach((column, at) => {
      const cell = item.cells[at];
      const text = column.show(row);
      if (column.key === "state") {
        cell.title = fillState(cell, row, item.progress) || text;
      } else if (column.key === "tags") {
        cell.replaceChildren(...row.tags.map((tag) => made("span", "rml-xp-tag", tag)));
        cell.title = text;
      } else if (column.key !== "name" || naming?.run_id !== row.run_id) {
        say(cell, text);
        cell.title = column.title?.(row) ?? (column.key === "name" && row.notes ? `${text}\n${row.notes}` : text);
      }
      if (column.key === "name") cell.classList.toggle("rml-xp-unnamed", !row.name);
    });
  };

  const draw = () => {
    const from = Math.max(0, Math.floor(grid.scrollTop / ROW) - SPARE);
    const to = Math.min(table.view.length, Math.ceil((grid.scrollTop + grid.clientHeight) / ROW) + SPARE);
    const gone = new Set(drawn.keys());
    for (let at = from; at < to; at += 1) {
      const row = table.view[at];
      gone.delete(row.run_id);
      let item = drawn.get(row.run_id);
      if (!item) {
        item = make(row);
        drawn.set(row.run_id, item);
        space.append(item.node);
      }
      if (item.row !== row) fill(item, row);
      const chosen = table.chosen.has(row.run_id);
      item.node.style.top = `${at * ROW}px`;
      item.node.setAttribute("aria-rowindex", String(at + 2));
      item.node.setAttribute("aria-selected", String(chosen));
      item.node.classList.toggle("rml-xp-active", at === active);
      item.box.checked = chosen;
    }
    for (const run_id of gone) {
      drawn.get(run_id)?.node.remove(); // a name that was being typed there is kept, which draws anew
      drawn.delete(run_id);
    }
    tellActive();
  };
  const tellActive = () => {
    grid.querySelector(".rml-xp-here")?.classList.remove("rml-xp-here");
    const row = active < 0 ? head : drawn.get(table.view[active]?.run_id)?.node;
    const cell = active < 0 ? Math.max(0, place) : place;
    const here = cell < 0 ? row : row?.children[cell];
    if (!walked || !here) return grid.removeAttribute("aria-activedescendant");
    here.classList.add("rml-xp-here");
    grid.setAttribute("aria-activedescendant", here.id);
  };

  // After the view, the order or the choice has changed: the row that the keys were on keeps them.
  const refresh = () => {
    const at = activeId ? table.view.findIndex((row) => row.run_id === activeId) : -1;
    stand(at >= 0 ? at : Math.min(active, table.view.length - 1));
    anchor = Math.min(anchor, Math.max(0, table.view.length - 1));
    const rows = Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, table.rows));
    grid.style.height = `${ROW * rows + ROW}px`;
    space.style.height = `${ROW * table.view.length}px`;
    grid.setAttribute("aria-rowcount", String(table.view.length + 1));
    columns.forEach((column, number) => {
      const sorts = column.key === table.sort.key;
      const way = table.sort.descending ? "descending" : "ascending";
      head.children[number + 1].setAttribute("aria-sort", sorts ? way : "none");
    });
    const chosen = table.view.reduce((sum, row) => sum + table.chosen.has(row.run_id), 0);
    all.checked = chosen > 0 && chosen === table.view.length;
    all.indeterminate = chosen > 0 && chosen < table.view.length;
    draw();
  };
  const renewTimes = () => {
    for (const item of drawn.values()) fill(item, item.row);
  };

  // -- walking ------------------------------------------------------------------------------------------------------

  const show = (at) => {
    const top = at * ROW; // the head covers the first row's height
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (top + 2 * ROW > grid.scrollTop + grid.clientHeight) grid.scrollTop = top + 2 * ROW - grid.clientHeight;
  };
  const stand = (at) => {
    active = at;
    activeId = table.view[at]?.run_id ?? null;
  };
  const walk = (at, extend) => {
    if (naming) return;
    walked = true;
    stand(Math.min(Math.max(at, -1), table.view.length - 1));
    if (active >= 0) show(active);
    if (!extend) anchor = Math.max(0, active);
    else if (active >= 0) act.choose(between(anchor, active), true);
    draw();
    act.walked(one() ?? null);
    drawn.get(activeId)?.node.scrollIntoView({ block: "nearest" }); // the page, where the table ends below its edge
  };
  const between = (one, other) => table.view.slice(Math.min(one, other), Math.max(one, other) + 1);
  const inSight = () => [...head.children].map((cell, at) => [cell, at]).filter(([cell]) => cell.offsetParent).map(([, at]) => at);
  const sideways = (turn) => {
    const shown = inSight();
    const at = shown.indexOf(place) + turn;
    place = at < 0 ? -1 : shown[Math.min(at, shown.length - 1)];
    walked = true;
    tellActive();
  };
  const page = () => Math.max(1, Math.floor(grid.clientHeight / ROW) - 2);
  const one = () => table.view[active];

  const KEYS = {
    ArrowDown: (event) => walk(active + 1, event.shiftKey),
    ArrowUp: (event) => walk(active - 1, event.shiftKey),
    PageDown: (event) => walk(active + page(), event.shiftKey),
    PageUp: (event) => walk(Math.max(0, active - page()), event.shiftKey),
    Home: (event) => walk(0, event.shiftKey),
    End: (event) => walk(table.view.length - 1, event.shiftKey),
    ArrowRight: () => sideways(1),
    ArrowLeft: () => sideways(-1),
    Enter: () => (active < 0 ? head.children[Math.max(0, place)].querySelector("button, input").click() : act.open(one())),
    " ": () => {
      if (active < 0) KEYS.Enter();
      else act.choose([one()], !table.chosen.has(one().run_id));
    },
    F2: () => one() && rename(one()),
    Delete: () => act.remove(one()),
    Escape: () => act.escape(),
  };
  grid.addEventListener("keydown", (event) => {
    if (naming) return;
    const command = event.ctrlKey || event.metaKey;
    let work = command || event.altKey ? null : KEYS[event.key];
    if (command && event.key.toLowerCase() === "a") work = () => act.choose(table.view, true);
    if (command && event.key.toLowerCase() === "z") work = act.undo;
    if (!work) return;
    event.preventDefault();
    event.stopPropagation(); // the notebook has commands of its own on these keys
    work(event);
  });
  grid.addEventListener("focus", () => {
    if (active < 0 && table.view.length && !walked) walk(0);
    tellActive();
  });

  // -- the mouse ----------------------------------------------------------------------------------------------------

  const hit = (event) => {
    const node = event.target.closest(".rml-xp-space .rml-xp-row");
    return node ? table.view.findIndex((row) => row.run_id === node.dataset.run) : -1;
  };
  grid.addEventListener("mousedown", (event) => {
    if (event.target === grid || event.target.closest(".rml-xp-name")) return; // the scroll bar; a name being typed
    event.preventDefault(); // the focus is the grid's, whatever of it is pressed
    walked = true;
    grid.focus({ preventScroll: true });
  });
  grid.addEventListener("click", (event) => {
    const at = hit(event);
    if (at < 0 || event.target.closest(".rml-xp-name")) return;
    const row = table.view[at];
    const box = event.target.closest('[data-column="chosen"]');
    const from = anchor;
    place = -1;
    if (!box) {
      walk(at);
    } else {
      stand(at);
      act.stood(row); // choosing opens no details
    }
    if (!event.shiftKey) anchor = at;
    if (event.shiftKey) act.choose(between(from, at), true);
    else if (box || event.ctrlKey || event.metaKey) act.choose([row], !table.chosen.has(row.run_id));
  });
  grid.addEventListener("dblclick", (event) => {
    const at = hit(event);
    if (at >= 0 && event.target.closest('[data-column="name"]')) rename(table.view[at]);
  });
  grid.addEventListener("scroll", draw, { passive: true });

  // -- names --------------------------------------------------------------------------------------------------------

  const rename = (row) => {
    const at = table.view.findIndex(({ run_id }) => run_id === row.run_id);
    if (at < 0 || naming) return;
    show(at);
    draw();
    const item = drawn.get(row.run_id);
    naming = row;
    const cell = item.cells[0];
    const input = made("input", "rml-input rml-xp-name");
    input.value = row.name;
    input.maxLength = 100;
    input.placeholder = titleOf(row);
    input.setAttribute("aria-label", `Name of ${titleOf(row)}`);
    const end = (keep) => {
      if (naming !== row) return;
      naming = null;
      const name = input.value.trim();
      const focused = input === document.activeElement;
      say(cell, titleOf(row));
      if (keep && name !== row.name) act.rename(row, name);
      if (focused) grid.focus({ preventScroll: true });
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") end(true);
      if (event.key === "Escape") end(false);
    });
    input.addEventListener("blur", () => end(true));
    cell.replaceChildren(input);
    input.focus({ preventScroll: true });
    input.select();
  };

  const resized = new ResizeObserver(draw);
  resized.observe(grid);
  const end = () => resized.disconnect();
  return { grid, refresh, renewTimes, rename, end, active: one, focus: () => grid.focus({ preventScroll: true }) };
};

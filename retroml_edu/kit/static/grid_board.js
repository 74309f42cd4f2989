// The board: fields in a grid, one tab stop for all, painting by mouse, pen, finger or keyboard.

const EDGE = 20; // pixels for the numbers of rows and columns
const SMALLEST = 24;
const LARGEST = 84;
const MOST_HEIGHT = 620;

const floats = (view) => (view ? new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength)) : null);
const knownOf = (shown) => {
  const [values, policy, four, backups] = ["values", "policy", "action_values", "backups"].map((name) => floats(shown[name]));
  const known = { values, policy, backups, action_values: four, path: shown.path ?? [], plan: shown.plan ?? [], agent: shown.agent ?? null };
  const all = four ?? values;
  known.limits = shown.limits ?? (all ? [Math.min(0, ...all), Math.max(0, ...all)] : [0, 0]);
  return known;
};

function render({ model, el }) {
  el.classList.add("rml-board");
  const tools = makeTools({ undo: () => send({ action: "undo" }), reset: () => send({ action: "reset" }) });
  const frame = made("div", "rml-board-frame");
  const grid = made("div", "rml-board-grid");
  grid.setAttribute("role", "grid");
  const over = shape("svg", { class: "rml-board-over", "aria-hidden": "true" });
  frame.append(grid, over);
  const legend = made("div", "rml-board-legend");
  legend.setAttribute("aria-hidden", "true"); // numbers are in the fields
  const legendEnds = [made("span"), made("span", "rml-board-ramp"), made("span")];
  const legendName = made("span", "rml-board-legend-name");
  legend.append(legendName, ...legendEnds);
  const told = made("p", "rml-board-told");
  told.setAttribute("aria-hidden", "true"); // the field's own label says it
  const refused = made("p", "rml-board-refused");
  refused.setAttribute("role", "status");
  el.append(tools.row, frame, legend, told, refused);

  let fields = []; // what they are, and the nodes that show them
  let known = knownOf({});
  let size = 0;
  let family = "sans-serif";
  let unsaid = []; // rewards that have no room in their fields
  let focus = 0;
  let looked = null; // field under the mouse
  let tallest = 0; // pixels of the line under the board, at this width

  // -- what the kernel is told: one message at a time, so that none pile up while it computes ------------------------
  let number = 0;
  let waiting = false;
  let pending = [];
  const send = (message) => {
    if (message.action !== "paint") forget();
    const last = pending.at(-1);
    if (last?.action === "paint" && message.action === "paint" && last.stroke === message.stroke) last.places.push(...message.places);
    else pending.push(message);
    flush();
  };
  const flush = () => {
    if (waiting || !pending.length) return;
    waiting = true;
    number = Math.max(number, model.get("heard")) + 1;
    model.send({ ...pending.shift(), number });
  };
  const onHeard = () => {
    if (model.get("heard") < number) return;
    waiting = false;
    flush();
    if (!waiting) forget();
  };
  const forget = () => fields.forEach((field) => (field.becomes = null));

  // -- drawing -------------------------------------------------------------------------------------------------------
  const build = () => {
    const board = model.get("board");
    const kinds = fieldsOf(board);
    const [height, width] = [board.rows.length, board.rows[0].length];
    if (fields.length === kinds.length && grid.dataset.width === String(width)) {
      kinds.forEach((kind, i) => {
        fields[i].kind = kind;
      });
      return;
    }
    grid.dataset.width = String(width);
    grid.setAttribute("aria-rowcount", String(height));
    grid.setAttribute("aria-colcount", String(width));
    grid.style.setProperty("--rml-board-columns", String(width));
    const heads = made("div", "rml-board-row");
    heads.setAttribute("aria-hidden", "true");
    heads.append(made("span", "rml-board-head"), ...board.rows[0].split("").map((_, column) => made("span", "rml-board-head", String(column))));
    fields = kinds.map((kind) => ({ kind, ...makeField() }));
    const rows = board.rows.map((_, row) => {
      const line = made("div", "rml-board-row");
      line.setAttribute("role", "row");
      line.setAttribute("aria-rowindex", String(row + 1));
      const head = made("span", "rml-board-head", String(row));
      head.setAttribute("aria-hidden", "true");
      const cells = fields.slice(row * width, (row + 1) * width).map(({ node }, column) => {
        node.setAttribute("aria-colindex", String(column + 1));
        return node;
      });
      line.append(head, ...cells);
      return line;
    });
    grid.replaceChildren(heads, ...rows);
    focus = Math.min(focus, fields.length - 1);
    fields[focus].node.tabIndex = 0;
  };
  const measure = () => {
    const room = frame.clientWidth - 1;
    if (room <= 0) return;
    tallest = 0;
    told.style.minHeight = "";
    const board = model.get("board");
    const [height, width] = [board.rows.length, board.rows[0].length];
    const most = Math.min(LARGEST, Math.max(40, MOST_HEIGHT / height));
    size = Math.floor(Math.max(SMALLEST, Math.min(most, (room - EDGE) / width)));
    grid.style.setProperty("--rml-board-size", `${size}px`);
    grid.style.setProperty("--rml-board-tall", `${Math.max(size, 34)}px`);
    grid.style.setProperty("--rml-board-font", `${fontSizeOf(size)}px`);
    family = getComputedStyle(grid).fontFamily;
    over.setAttribute("width", String(EDGE + size * width));
    over.setAttribute("height", String(EDGE + Math.max(size, 34) * height));
  };
  const middle = (state) => {
    const field = byState[state].kind;
    return [EDGE + (field.column + 0.5) * size, EDGE + (field.row + 0.5) * Math.max(size, 34)];
  };
  let byState = [];
  const agent = shape("g", { class: "rml-board-agent" });
  agent.append(shape("circle", { r: 10 }), shape("circle", { class: "rml-board-eye", r: 3, cx: -3.5, cy: -2 }), shape("circle", { class: "rml-board-eye", r: 3, cx: 3.5, cy: -2 }));
  let drawnPath = "";
  // Who falls is set back: that is no move, so the line ends there and begins anew.
  const isMove = (from, to) => Math.abs(byState[from].kind.row - byState[to].kind.row) + Math.abs(byState[from].kind.column - byState[to].kind.column) <= 1;
  const at = ([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  const lineThrough = (states) => states.map((state, i) => `${i && isMove(states[i - 1], state) ? "L" : "M"}${at(middle(state))}`).join("");
  const drawOver = () => {
    const { path, plan } = known;
    const key = `${path.join()}|${plan.join()}`;
    if (key !== drawnPath) {
      drawnPath = key;
      const nodes = [];
      if (path.length > 1) {
        const line = lineThrough(path);
        nodes.push(shape("path", { class: "rml-board-path-halo", d: line }), shape("path", { class: "rml-board-path", d: line }));
        let chevrons = "";
        let crosses = "";
        for (let i = 1; i < path.length; i++) {
          const [[fromX, fromY], [toX, toY]] = [middle(path[i - 1]), middle(path[i])];
          const long = Math.hypot(toX - fromX, toY - fromY);
          if (!long) continue; // against a wall
          if (!isMove(path[i - 1], path[i])) {
            crosses += `M${at([fromX - 5, fromY - 5])}l10 10m0 -10l-10 10`;
            continue;
          }
          const [x, y] = [(toX - fromX) / long, (toY - fromY) / long];
          const [atX, atY] = [fromX + 0.58 * (toX - fromX), fromY + 0.58 * (toY - fromY)];
          const wing = (side) => at([atX - 5 * x + side * 4.5 * y, atY - 5 * y - side * 4.5 * x]);
          chevrons += `M${wing(1)}L${at([atX, atY])}L${wing(-1)}`;
        }
        nodes.push(shape("path", { class: "rml-board-chevrons", d: chevrons }));
        if (crosses) nodes.push(shape("path", { class: "rml-board-path-halo", d: crosses }), shape("path", { class: "rml-board-crosses", d: crosses }));
      }
      if (plan.length > 1) nodes.push(shape("path", { class: "rml-board-plan-halo", d: lineThrough(plan) }), shape("path", { class: "rml-board-plan", d: lineThrough(plan) }));
      if (path.length) {
        const [x, y] = middle(path[0]);
        nodes.push(shape("circle", { class: "rml-board-from", cx: x, cy: y, r: 5 }));
      }
      over.replaceChildren(...nodes, agent);
    }
    const stands = known.agent !== null && byState[known.agent];
    agent.style.display = stands ? "" : "none";
    if (stands) {
      const [x, y] = middle(known.agent);
      agent.style.transform = `translate(${x}px, ${y}px) scale(${Math.max(0.7, Math.min(1.2, size / 46))})`;
    }
  };
  const drawLegend = () => {
    const some = known.values || known.action_values;
    legend.hidden = !some;
    if (!some) return;
    const most = Math.max(Math.abs(known.limits[0]), Math.abs(known.limits[1]));
    const [low, high] = known.limits;
    say(legendName, known.action_values ? "value of each direction" : "value of the field");
    const all = known.action_values ?? known.values;
    say(legendEnds[0], `${exactly(low, 3)}${Math.min(...all) < low - 0.005 * most ? " and less" : ""}`);
    say(legendEnds[2], `${exactly(high, 3)}${Math.max(...all) > high + 0.005 * most ? " and more" : ""}`);
    const zero = high > low ? (100 * Math.max(0, Math.min(high, 0) - low)) / (high - low) : 0;
    const stops = [`${hueOf(low / (most || 1))} 0%`, ...(low < 0 && high > 0 ? [`var(--rml-board-zero) ${zero.toFixed(1)}%`] : []), `${hueOf(high / (most || 1))} 100%`];
    legendEnds[1].style.backgroundImage = `linear-gradient(to right, ${stops.join(", ")})`;
  };
  const tell = () => {
    const field = fields[looked ?? (grid.contains(document.activeElement) ? focus : -1)];
    const idle = model.get("editable") ? "Click or drag to paint. By keyboard: arrow keys move, Enter paints, W G P R S F pick a tool." : "Point at a field to read it.";
    const some = unsaid.length ? `${unsaid.slice(0, 4).join(", ")}${unsaid.length > 4 ? ", …" : ""}. ` : "";
    say(told, field ? wordsOf(field.kind, known) : some + idle);
    tallest = Math.max(tallest, told.offsetHeight); // what stands below does not jump with each field
    told.style.minHeight = `${tallest}px`;
  };
  const draw = () => {
    if (!size) return;
    unsaid = [...new Set(fields.map((field) => field.paint(field.kind, known, size, family)).filter(Boolean))];
    byState = fields.filter(({ kind }) => kind.state >= 0);
    drawOver();
    drawLegend();
    tell();
  };
  let asked = false;
  const soon = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      build();
      known = knownOf(model.get("shown"));
      if (!size) measure();
      draw();
    });
  };
  const onBoard = () => {
    build();
    measure();
    soon();
  };
  const onState = () => {
    grid.setAttribute("aria-label", model.get("label"));
    tools.row.hidden = !model.get("editable");
    el.classList.toggle("rml-board-editable", model.get("editable"));
    tools.offer(model.get("undoable") > 0);
    say(refused, model.get("said"));
    refused.hidden = !model.get("said");
  };

  // -- a hand on it --------------------------------------------------------------------------------------------------
  const indexOf = (node) => fields.findIndex((field) => field.node === node.closest?.(".rml-board-field"));
  const stand = (i) => {
    fields[focus].node.tabIndex = -1;
    focus = i;
    fields[i].node.tabIndex = 0;
    fields[i].node.focus({ preventScroll: true });
  };
  let strokes = Math.floor(Math.random() * 1e9); // pages differ
  let stroke = null; // {number, sign, reward, last}
  const place = ({ kind }) => [kind.row, kind.column];
  const begun = (field) => {
    const { sign, reward } = tools.current();
    // A second wall where one stands takes it away, and so does the stroke that begins there.
    const wall = field.becomes ? field.becomes === "#" : field.kind.wall;
    return { number: ++strokes, reward, sign: sign === "#" && wall ? "." : sign };
  };
  const apply = ({ number: which, sign, reward }, some) => {
    for (const field of some) field.becomes = sign; // until the kernel has dealt with it, and it is shown
    send({ action: "paint", stroke: which, sign, reward, places: some.map(place) });
  };
  grid.addEventListener("pointerdown", (event) => {
    const i = indexOf(event.target);
    if (i < 0 || event.button !== 0) return;
    event.preventDefault();
    stand(i);
    if (!model.get("editable")) return;
    grid.setPointerCapture(event.pointerId);
    stroke = { ...begun(fields[i]), last: i };
    apply(stroke, [fields[i]]);
  });
  grid.addEventListener("pointermove", (event) => {
    const i = indexOf(document.elementFromPoint(event.clientX, event.clientY) ?? grid);
    if (looked !== (i < 0 ? null : i)) {
      looked = i < 0 ? null : i;
      tell();
    }
    if (!stroke || i < 0 || i === stroke.last) return;
    const width = Number(grid.dataset.width);
    const between = lineOf(stroke.last, i, width).map((j) => fields[j]);
    stroke.last = i;
    apply(stroke, between);
  });
  // A fast mouse jumps over fields: those between are painted too.
  const lineOf = (from, to, width) => {
    const [row0, column0, row1, column1] = [Math.floor(from / width), from % width, Math.floor(to / width), to % width];
    const steps = Math.max(Math.abs(row1 - row0), Math.abs(column1 - column0));
    return Array.from({ length: steps }, (_, k) => {
      const share = (k + 1) / steps;
      return Math.round(row0 + share * (row1 - row0)) * width + Math.round(column0 + share * (column1 - column0));
    });
  };
  const lift = () => {
    stroke = null;
  };
  grid.addEventListener("pointerup", lift);
  grid.addEventListener("pointercancel", lift);
  grid.addEventListener("pointerleave", () => {
    looked = null;
    tell();
  });
  // The last one that moved is read: a key moves the focus while the mouse rests on another field.
  grid.addEventListener("focusin", () => {
    looked = null;
    tell();
  });
  grid.addEventListener("focusout", () => requestAnimationFrame(tell));
  const moved = (key, ctrl) => {
    const width = Number(grid.dataset.width);
    const [row, column, last] = [Math.floor(focus / width), focus % width, fields.length / width - 1];
    const to = {
      ArrowUp: [Math.max(0, row - 1), column],
      ArrowDown: [Math.min(last, row + 1), column],
      ArrowLeft: [row, Math.max(0, column - 1)],
      ArrowRight: [row, Math.min(width - 1, column + 1)],
      Home: [ctrl ? 0 : row, 0],
      End: [ctrl ? last : row, width - 1],
    }[key];
    return to && to[0] * width + to[1];
  };
  grid.addEventListener("keydown", (event) => {
    const command = event.ctrlKey || event.metaKey;
    const to = moved(event.key, command);
    const edits = model.get("editable");
    let done = true;
    if (to !== undefined && !event.altKey) stand(to);
    else if (edits && command && event.key.toLowerCase() === "z") send({ action: "undo" });
    else if (edits && !command && !event.altKey && (event.key === "Enter" || event.key === " ")) apply(begun(fields[focus]), [fields[focus]]);
    else if (edits && !command && (event.key === "Delete" || event.key === "Backspace")) apply({ number: ++strokes, sign: ".", reward: 0 }, [fields[focus]]);
    else done = edits && !command && !event.altKey && event.key.length === 1 && Boolean(tools.choose(event.key));
    if (done) event.preventDefault();
  });
  // Keys that a board takes are none of the notebook's: a lone D D would delete the cell.
  const keep = (event) => {
    if (!(event.ctrlKey || event.metaKey || event.altKey) || event.key.toLowerCase() === "z") event.stopPropagation();
  };
  el.addEventListener("keydown", keep);

  const watched = { board: onBoard, shown: soon, heard: onHeard, editable: onState, label: onState, said: onState, undoable: onState };
  for (const name in watched) model.on(`change:${name}`, watched[name]);
  const resized = new ResizeObserver(() => {
    measure();
    drawnPath = "";
    draw();
  });
  resized.observe(frame);
  build();
  onState();
  known = knownOf(model.get("shown"));
  return () => {
    for (const name in watched) model.off(`change:${name}`, watched[name]);
    resized.disconnect();
  };
}

export default { render };

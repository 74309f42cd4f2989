// One field of the board: its colour, its numbers, its arrows. Only what has changed is written into the page.

const TURNS = [[0, -1], [1, 0], [0, 1], [-1, 0]]; // x and y of up, right, down, left
const TRIANGLES = ["0,0 100,0 50,50", "100,0 100,100 50,50", "0,100 100,100 50,50", "0,0 0,100 50,50"];
const WORDS_FROM = 72; // pixels of a field from which on a word has room beside its arrows
const MARKS_FROM = 44; // pixels of a field from which on its marks are words
const NUMBERS_FROM = 62; // and from which on four numbers have room in it
const SPARE = 6; // pixels of a field that its texts leave free, its frame among them
const fontSizeOf = (size) => Math.max(9.5, Math.min(13, size * 0.22));
const markSizeOf = (size) => Math.max(9, 0.85 * fontSizeOf(size));

// Arrows from the middle of a box of 24 to its sides, each as long as it is likely; a single one stands in the middle.
const arrowPath = (likely) => {
  const most = Math.max(...likely);
  const back = likely.filter((share) => share > 1e-6).length === 1 ? 9 : 0;
  return likely
    .map((share, action) => {
      if (!(share > 1e-6)) return "";
      const [x, y] = TURNS[action];
      const length = back || 4 + (7 * share) / most;
      const [tipX, tipY] = [12 + x * length, 12 + y * length];
      const wing = (side) => `${(tipX - 3.2 * x + side * 2.8 * y).toFixed(1)} ${(tipY - 3.2 * y + side * 2.8 * x).toFixed(1)}`;
      return `M${12 - back * x} ${12 - back * y}L${tipX.toFixed(1)} ${tipY.toFixed(1)}M${wing(1)}L${tipX.toFixed(1)} ${tipY.toFixed(1)}L${wing(-1)}`;
    })
    .join("");
};

// The strength of a value's colour, from -1 (lowest) to 1 (highest); 0 has none.
const strengthOf = (value, [low, high]) => {
  const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
  return Math.max(-1, Math.min(1, value / most));
};
const hueOf = (strength) =>
  `color-mix(in srgb, var(--rml-board-${strength < 0 ? "low" : "high"}) ${Math.round(100 * Math.abs(strength))}%, var(--rml-board-zero))`;

const makeField = () => {
  const node = made("div", "rml-board-field");
  node.setAttribute("role", "gridcell");
  node.tabIndex = -1;
  const mark = made("span", "rml-board-mark");
  const number = made("span", "rml-board-number");
  const arrows = shape("svg", { class: "rml-board-arrows", viewBox: "0 0 24 24", "aria-hidden": "true" });
  const halo = shape("path", { class: "rml-board-halo", d: "" });
  const arrow = shape("path", { class: "rml-board-arrow", d: "" });
  arrows.append(halo, arrow);
  const triangles = shape("svg", { class: "rml-board-triangles", viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" });
  const sides = TRIANGLES.map((points) => shape("polygon", { points }));
  triangles.append(...sides);
  const worths = ACTION_NAMES.map((name) => made("span", `rml-board-worth rml-board-worth-${name}`));
  for (const each of [mark, number, ...worths]) each.setAttribute("aria-hidden", "true");
  node.append(triangles, arrows, mark, number);

  const written = new Map();
  const once = (key, value, write) => {
    if (written.get(key) === value) return;
    written.set(key, value);
    write(value);
  };
  // What stands in the corner of a field, and what of it is to be told elsewhere: a number is never cut.
  const markOf = (field, size, four, family) => {
    if (field.goal !== null) return [`${field.pit ? "✕" : "★"}${size >= MARKS_FROM ? (field.pit ? " pit" : " goal") : ""}`, ""];
    const fall = field.fall ? "▼" : "";
    const start = field.start ? (size >= WORDS_FROM && !four ? "start" : "S") : "";
    const signs = [start, fall].filter(Boolean).join(" ");
    if (field.reward === null) return [signs, ""];
    const pays = signed(field.reward);
    const hasRoom = (text) => widthOf(text, `${markSizeOf(size)}px ${family}`) <= size - SPARE;
    const all = [signs, pays].filter(Boolean).join(" ");
    if (hasRoom(all)) return [all, ""];
    if (field.fall && hasRoom(pays)) return [`${signs}\n${pays}`, ""];
    return [signs || "R", `${signs || "R"} = ${pays}`];
  };
  const paint = (field, known, size, family) => {
    const { state } = field;
    const ends = field.goal !== null;
    const open = state >= 0 && !ends && !field.fall;
    const tall = open && known.action_values;
    once("kind", [field.wall && "wall", ends && (field.pit ? "pit" : "goal"), field.fall && "fall", field.start && "start", tall && "four"].filter(Boolean).join(" "), (kind) => {
      node.dataset.kind = kind;
    });
    const [signs, unsaid] = field.wall ? ["", ""] : markOf(field, size, tall, family);
    once("mark", signs, (text) => say(mark, text));
    const font = `${ends ? 600 : 400} ${fontSizeOf(size)}px ${family}`;
    const value = open && known.values ? known.values[state] : null;
    const pays = ends ? signed(field.goal) : "";
    const isCut = ends && widthOf(pays, font) > size - SPARE;
    const text = ends ? (isCut ? "" : pays) : value === null || tall ? "" : fittingInto(value, size - SPARE, font);
    once("number", text, (now) => say(number, now));
    once("colour", value === null || tall ? "" : hueOf(strengthOf(value, known.limits)), (now) => {
      node.style.backgroundColor = now;
    });
    const numbers = tall && size >= NUMBERS_FROM; // then there is no room for arrows, and the best number stands out
    const likely = open && known.policy && !numbers ? [...known.policy.subarray(4 * state, 4 * state + 4)] : null;
    // Any direction is none: such arrows stand back.
    once("any", Boolean(likely) && Math.max(...likely) - Math.min(...likely) < 1e-6, (now) => arrows.classList.toggle("rml-board-any", now));
    once("arrows", likely ? arrowPath(likely) : "", (d) => {
      arrow.setAttribute("d", d);
      halo.setAttribute("d", d);
    });
    const four = tall ? known.action_values.subarray(4 * state, 4 * state + 4) : null;
    const best = four ? Math.max(...four) : 0;
    once("four", Boolean(numbers), (now) => (now ? node.append(...worths) : worths.forEach((each) => each.remove())));
    sides.forEach((side, action) => {
      once(`side${action}`, four ? hueOf(strengthOf(four[action], known.limits)) : "", (now) => {
        side.style.fill = now;
      });
      once(`worth${action}`, numbers ? fitting(four[action], 5, size >= 84 ? 2 : 1) : "", (now) => say(worths[action], now));
      once(`best${action}`, Boolean(four) && four[action] === best && Math.min(...four) < best, (now) => worths[action].classList.toggle("rml-board-best", now));
    });
    once("label", wordsOf(field, known), (now) => node.setAttribute("aria-label", now));
    return isCut ? `${field.pit ? "✕" : "★"} = ${pays}` : unsaid;
  };
  return { node, paint };
};

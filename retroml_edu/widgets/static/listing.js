// What the pages of runs, videos and models share: rows that stream in, a search box, and when somebody looks.

// Rows by `key`, for all views of a widget. `replaced` is told of a row that comes, with what stood in its place;
// `gone` of one that goes.
const sharedRows = (key, replaced = () => {}, gone = () => {}) => {
  const shared = { rows: new Map(), read: false, views: new Set() };
  shared.changed = () => shared.views.forEach((refresh) => refresh());
  const put = (packed) => rowsOf(packed).forEach((row) => {
    replaced(row, shared.rows.get(row[key]));
    shared.rows.set(row[key], row);
  });
  shared.initialize = ({ model }) => follow(
    model,
    (whole, [rows]) => {
      shared.read = whole.read;
      shared.rows.clear();
      put(rows);
      shared.changed();
    },
    (change, [rows]) => {
      for (const id of change.gone) {
        shared.rows.delete(id);
        gone(id);
      }
      put(rows);
      shared.changed();
    },
  );
  return shared;
};

// `what` is searched, by `where` it is found; ArrowDown and Enter go on to what was found.
const searchBox = (what, where, name, work, onward) => {
  const box = made("input", `rml-input ${name}`);
  box.type = "search";
  box.placeholder = "Search";
  box.title = where.charAt(0).toUpperCase() + where.slice(1);
  box.setAttribute("aria-label", `Search ${what} by ${where.replace(/,([^,]*)$/, " and$1")}`);
  box.addEventListener("input", () => work(box.value));
  box.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key !== "ArrowDown" && event.key !== "Enter") return;
    event.preventDefault();
    onward();
  });
  return box;
};

// Calls `came` and `left` as the element comes into sight and leaves it, and meanwhile each job at its interval.
const whileSeen = (el, came, left, ...jobs) => {
  let seen = false;
  const watcher = new IntersectionObserver((entries) => {
    seen = entries.at(-1).isIntersecting;
    (seen ? came : left)();
  });
  watcher.observe(el);
  const timers = jobs.map(([ms, job]) => setInterval(() => seen && !document.hidden && job(), ms));
  const end = () => {
    watcher.disconnect();
    timers.forEach(clearInterval);
  };
  return { end, get seen() { return seen; } };
};

const sayProblems = (node, sentences) =>
  node.replaceChildren(...sentences.map((sentence) => made("div", "rml-problem rml-error", `✕ ${sentence}`)));

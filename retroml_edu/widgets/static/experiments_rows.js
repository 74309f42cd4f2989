// The rows of the runs table: read from the columns that Python sends, put in words, found and sorted.

const STATES = {
  created: "Starting", starting: "Starting", running: "Training", paused: "Paused", stopping: "Stopping",
  finishing: "Finishing", done: "Done", stopped: "Stopped", failed: "Failed", lost: "Lost",
};
const ENDED = ["done", "stopped", "failed", "lost"];
const DAY_S = 86400;

const rowsOf = (bytes) => {
  const columns = JSON.parse(new TextDecoder().decode(bytes));
  for (const name in columns) {
    const column = columns[name];
    if (!Array.isArray(column)) columns[name] = column.at.map((place) => column.values[place]);
  }
  return columns.run_id.map((_, i) => {
    const row = {};
    for (const name in columns) row[name] = columns[name][i];
    return row;
  });
};

const goesOn = (row) => !ENDED.includes(row.state);
const titleOf = (row) => row.name || `Run ${row.run_id.slice(-6)}`;
const share = (row) => (row.total_timesteps ? Math.min(1, row.steps / row.total_timesteps) : 0);
const timeOf = (row) => (row.training_time_s ? duration(row.training_time_s) : "");
const percent = (row) => `${Math.floor(100 * share(row))} %`;

const exactTime = (ms) => (ms === null ? "" : new Date(ms).toLocaleString([], { dateStyle: "medium", timeStyle: "medium", hour12: false }));
const ago = (ms) => {
  if (ms === null) return "";
  const s = (Date.now() - ms) / 1000;
  if (s < 60) return "just now";
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < DAY_S) return `${Math.floor(s / 3600)} h ago`;
  if (s < 30 * DAY_S) return `${Math.floor(s / DAY_S)} d ago`;
  return new Date(ms).toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" });
};

// What a column shows, and by what it sorts; `number` stands to the right, `down` has its largest first when chosen.
const columnsFor = (window) => [
  { key: "name", label: "Name", show: titleOf, by: (row) => row.name.toLowerCase() || null },
  { key: "env_id", label: "Environment", show: (row) => row.env_id, by: (row) => row.env_id.toLowerCase() || null },
  { key: "algorithm", label: "Algorithm", show: (row) => row.algorithm, by: (row) => row.algorithm || null },
  { key: "seed", label: "Seed", number: true, show: (row) => String(row.seed ?? ""), by: (row) => row.seed },
  { key: "state", label: "State", show: (row) => STATES[row.state], by: (row) => Object.keys(STATES).indexOf(row.state) + share(row) / 2 },
  { key: "return", label: "Return", number: true, down: true, about: `Mean return of the last ${window} games`, show: (row) => score(row.return_mean), by: (row) => row.return_mean },
  { key: "best", label: "Best", number: true, down: true, about: "Best return of a single game", show: (row) => score(row.return_best), by: (row) => row.return_best },
  { key: "steps", label: "Steps", number: true, down: true, show: (row) => whole(row.steps), by: (row) => row.steps },
  { key: "episodes", label: "Episodes", number: true, down: true, show: (row) => whole(row.episodes), by: (row) => row.episodes },
  { key: "time", label: "Time", number: true, down: true, about: "Time of training, pauses not counted", show: timeOf, by: (row) => row.training_time_s },
  { key: "tags", label: "Tags", show: (row) => row.tags.join(", "), by: (row) => row.tags.join("\n").toLowerCase() || null },
  { key: "made", label: "Made", number: true, down: true, show: (row) => ago(row.created_ms), title: (row) => exactTime(row.created_ms), by: (row) => row.created_ms },
];

const FILTERS = [
  { key: "state", label: "State", of: (row) => [STATES[row.state]] },
  { key: "env_id", label: "Environment", of: (row) => [row.env_id || "unknown"] },
  { key: "algorithm", label: "Algorithm", of: (row) => [row.algorithm || "unknown"] },
  { key: "tags", label: "Tags", of: (row) => row.tags },
];

const wordsOf = (row) =>
  (row.words ??= [row.name, row.env_id, row.algorithm, STATES[row.state], ...row.tags, row.notes].join("\n").toLowerCase());

// An id is found by its beginning or end: any digits stand somewhere in one of thousands of ids.
const named = (row, word) => word.length >= 6 && (row.run_id.startsWith(word) || row.run_id.endsWith(word));

// "seed 7" is that seed alone, not 17, and no 7 of a name; "seed" on the way to it hides no run.
const WORDS = /seed\s+\d+(?!\S)|\S+/g;
const seeded = (row, word) => {
  const [seed, number] = /^seed(?:\s+0*(\d+))?$/.exec(word) ?? [];
  return seed !== undefined && row.seed !== null && (number === undefined || number === String(row.seed));
};

// Rows in which every word of the search stands somewhere, and which each filter that is set lets through.
const found = (rows, search, filters) => {
  const words = search.toLowerCase().match(WORDS) ?? [];
  const has = (row, word) => wordsOf(row).includes(word) || named(row, word) || seeded(row, word);
  const set = FILTERS.filter(({ key }) => filters[key].size);
  return rows.filter(
    (row) => words.every((word) => has(row, word)) && set.every(({ key, of }) => of(row).some((value) => filters[key].has(value))),
  );
};

// What is not known comes last, whichever way; rows that are equal otherwise, the newest first.
const sorted = (rows, column, descending) => {
  const turn = descending ? -1 : 1;
  const keyed = rows.map((row) => [column.by(row), row]);
  keyed.sort(([a, one], [b, other]) => {
    if (a !== b && (a === null || b === null)) return a === null ? 1 : -1;
    if (a !== b) return a < b ? -turn : turn;
    return one.run_id < other.run_id ? 1 : -1;
  });
  return keyed.map(([, row]) => row);
};

const valuesOf = (rows, filter) => {
  const counts = new Map();
  for (const row of rows) for (const value of filter.of(row)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a.localeCompare(b));
};

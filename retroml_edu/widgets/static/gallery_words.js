// The videos of all runs in words: what each shows, how it is found and sorted.

const KINDS = { training: "Training", test: "Tests", recording: "Recordings" };

const momentOf = (film) => film.moment.charAt(0).toUpperCase() + film.moment.slice(1);
const soFar = (film) => (film.complete === false ? " so far" : ""); // of a film that was cut the game went on
const returnOf = (film) => (film.episode_return === null ? "" : `return ${score(film.episode_return)}${soFar(film)}`);
// What it shows, if nobody gave it a name: the moment and how well it went.
const shownIn = (film) => [momentOf(film), returnOf(film)].filter(Boolean).join(" · ");
const filmTitle = (film) => film.label || shownIn(film);
const gameOf = (film) => [film.env_id || "unknown game", film.algorithm].filter(Boolean).join(" · ");
const size = (bytes) => {
  if (bytes < 1e3) return `${bytes} B`;
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} KB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
};
const fileOf = (film) => film.film.split("/")[1];
const saveName = (film) =>
  `${film.env_id.replace(/[^\w.-]/g, "-")}_${film.algorithm}_seed${film.seed ?? ""}_run-${film.run_id.slice(-6)}_${fileOf(film)}`;

const filmFacts = (film) => [
  ["Environment", gameOf(film)],
  ["Run", titleOf(film)],
  ["Shows", film.label ? shownIn(film) : ""],
  ["Weights", film.step === null ? "" : `of step ${whole(film.step)}`],
  ["Length", film.duration_s === null ? "" : `${film.duration_s.toFixed(1)} s${film.complete === false ? ", cut before the game ended" : ""}`],
  ["Made", exactTime(film.made_ms)],
  ["Size", size(film.size_bytes)],
];

const filmWords = (film) =>
  (film.words ??= [film.label, film.env_id, film.algorithm, film.name, momentOf(film), KINDS[film.kind], returnOf(film), film.episode_return].join("\n").toLowerCase());

const ORDERS = {
  newest: ["Newest first", (a, b) => b.made_ms - a.made_ms],
  oldest: ["Oldest first", (a, b) => a.made_ms - b.made_ms],
  name: ["By name", (a, b) => nameOrder(a).localeCompare(nameOrder(b), "en", { numeric: true })],
  largest: ["Largest first", (a, b) => b.size_bytes - a.size_bytes],
  best: ["Highest return first", (a, b) => (b.episode_return ?? -Infinity) - (a.episode_return ?? -Infinity) || 0],
};
const nameOrder = (film) => (film.order ??= [film.label || gameOf(film), titleOf(film), fileOf(film)].join("\n"));

const filmsFound = (films, search, kind, order) => {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const some = films.filter(
    (film) => (!kind || film.kind === kind) && words.every((word) => filmWords(film).includes(word) || named(film, word)),
  );
  return some.sort((a, b) => ORDERS[order][1](a, b) || (a.film < b.film ? -1 : 1));
};

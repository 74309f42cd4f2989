// The models of all runs in words: the table's columns, and what can be done with one, each in a sentence.

const bytes = (number) => {
  if (!number) return "";
  if (number < 1e6) return `${Math.max(1, Math.round(number / 1e3))} KB`;
  return `${(number / 1e6).toFixed(number < 1e7 ? 1 : 0)} MB`;
};
const games = (number) => count(number, "game");

// The mean return of its newest test; while there is none, that of training.
const meanOf = (row) => row.tested_mean ?? row.trained_mean;
const meanSaid = (row, window) => {
  if (row.tested_mean !== null) return `${score(row.tested_mean)}, mean of its newest test (${games(row.tested_games)})`;
  return row.trained_mean === null ? "" : `${score(row.trained_mean)}, mean of the last ${window} games of training (not tested yet)`;
};
const meanShown = (row) => (meanOf(row) === null ? "" : `${score(meanOf(row))}${row.tested_mean === null ? "" : " ✓"}`);

const modelColumns = (window) => [
  { key: "name", label: "Name", show: titleOf, by: (row) => row.name.toLowerCase() || null },
  { key: "game", label: "Environment", show: (row) => row.env_id, by: (row) => row.env_id.toLowerCase() || null },
  { key: "learner", label: "Algorithm", show: (row) => row.algorithm, by: (row) => row.algorithm || null },
  { key: "state", label: "State", show: (row) => STATES[row.state], by: (row) => Object.keys(STATES).indexOf(row.state) },
  { key: "trained", label: "Steps", number: true, down: true, show: (row) => whole(row.steps), by: (row) => row.steps },
  { key: "mean", label: "Return", number: true, down: true, about: `Mean return of the newest test (✓), or of the last ${window} games of training`, show: meanShown, title: (row) => meanSaid(row, window), by: meanOf },
  { key: "size", label: "Size", number: true, down: true, show: (row) => bytes(row.size_bytes), by: (row) => row.size_bytes },
  { key: "date", label: "Date", number: true, down: true, show: (row) => ago(row.made_ms), title: (row) => exactTime(row.made_ms), by: (row) => row.made_ms ?? Infinity },
];

const REASONS = { start: "at its beginning", interval: "as time went by", request: "because somebody asked", stop: "when it was stopped", end: "at its end" };

// What Continue does with this model, and whether it asks for a number of steps.
const continues = (row) => {
  if (row.way === "resume") {
    return { text: `Goes on at step ${whole(row.newest_step)} of ${whole(row.total_timesteps)}, exactly as if it had never stopped.`, can: true };
  }
  if (row.way === "extend") return { text: "It has reached its end. A new run begins with its exact state and trains on for", steps: true, can: true };
  if (row.way === "weights") return { text: "It holds weights alone. A new run begins with them, all else anew, and trains for", steps: true, can: true };
  return { text: goesOn(row) ? "It trains at the moment." : "It has neither weights nor a checkpoint to go on from.", can: false };
};
const evaluates = (row) => {
  const can = row.has_model || goesOn(row);
  return { can, text: can ? "Opens the run and its Test card, ready to press: whole games are played and nothing is learned." : "It has no final weights yet: continue it to its end, or stop it then." };
};
const exportsTo = (row) => {
  if (row.has_zip) return { can: true, text: "Downloads model.zip of stable-baselines3 with a script that plays it and its settings." };
  return { can: false, text: row.has_model ? "It was imported: you have its file." : "The file is written when training ends or is stopped." };
};
const saves = (row) => {
  if (goesOn(row)) return { can: true, text: "Stores its exact state now, as a checkpoint. Training goes on." };
  return { can: false, text: "Stores the exact state of a run that trains. This one has ended, and all of it is kept." };
};

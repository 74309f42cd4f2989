// Train, Pause, Resume, Stop; the run's state; progress; and what keeps it from starting.

const PAUSE = "Let training wait; the preview goes on";
const RESUME = "End the pause";
const GO_ON = "Go on with this run exactly where it ended; Train starts a new one";

const RUN_ID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

const button = (label, title, kind) => {
  const node = document.createElement("button");
  node.type = "button";
  node.className = `rml-button ${kind}`;
  node.textContent = label;
  node.title = title;
  return node;
};

const remedy = (text) => {
  const words = made("div", "rml-remedy");
  const lead = document.createElement("strong");
  lead.textContent = "What to do: ";
  words.append(lead, text);
  return words;
};

const original = (text) => {
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = "What the computer said";
  const words = document.createElement("pre");
  words.textContent = text;
  details.append(summary, words);
  return details;
};

function render({ model, el }) {
  el.classList.add("rml-runbar");
  const train = button("Train", "Start training with these settings", "rml-primary");
  const pause = button("Pause", PAUSE, "");
  const stop = button("Stop", "End the run within a second; what it has recorded stays", "");
  const badge = document.createElement("span");
  badge.className = "rml-state";
  badge.setAttribute("role", "status");
  const deleted = document.createElement("span");
  deleted.className = "rml-deleted";
  deleted.setAttribute("role", "status");
  const title = document.createElement("span");
  title.className = "rml-run-title";
  const bar = document.createElement("div");
  bar.className = "rml-progress";
  bar.setAttribute("role", "progressbar");
  bar.setAttribute("aria-label", "Training progress");
  bar.setAttribute("aria-valuemin", "0");
  bar.setAttribute("aria-valuemax", "100");
  const fill = document.createElement("div");
  bar.append(fill);
  const text = document.createElement("div");
  text.className = "rml-progress-text";
  const problems = document.createElement("div");
  problems.className = "rml-problems";
  problems.setAttribute("role", "alert");
  const row = document.createElement("div");
  row.className = "rml-runbar-row";
  row.append(train, pause, stop, badge, deleted, title);
  el.append(row, bar, text, problems);

  const ask = (action, node) => node.addEventListener("click", () => {
    if (node.getAttribute("aria-disabled") === "true") return;
    model.send({ action: action() });
  });
  ask(() => "train", train);
  ask(() => (model.get("allowed").includes("resume") ? "resume" : "pause"), pause);
  ask(() => "stop", stop);

  const enable = (node, on) => node.setAttribute("aria-disabled", String(!on));
  const refresh = () => {
    const state = model.get("state");
    const allowed = model.get("allowed");
    enable(train, allowed.includes("train"));
    enable(pause, allowed.includes("pause") || allowed.includes("resume"));
    enable(stop, allowed.includes("stop"));
    const resumes = allowed.includes("resume");
    say(pause, resumes ? "Resume" : "Pause");
    pause.title = !resumes ? PAUSE : state === "paused" ? RESUME : GO_ON;
    say(badge, model.get("state_label"));
    badge.dataset.state = state;
    say(deleted, model.get("deleted") ? "✕ Deleted" : "");
    say(title, model.get("title").replace(RUN_ID, (id) => id.slice(-6))); // as lists call a run without a name
    title.title = model.get("title"); // the whole id, and what is cut off
    const percent = Math.round(model.get("progress") * 1000) / 10;
    fill.style.width = `${percent}%`;
    bar.setAttribute("aria-valuenow", String(percent));
    bar.dataset.state = state;
    say(text, model.get("progress_text"));
  };
  const refreshProblems = () => {
    problems.replaceChildren(
      ...model.get("problems").map((problem) => {
        const line = document.createElement("div");
        line.className = `rml-problem rml-${problem.severity}`;
        // What is wrong has the colour; what goes with it is read as other text is.
        const rest = problem.text.slice(problem.wrong.length);
        line.append(`${problem.severity === "error" ? "✕" : "!"} ${problem.wrong}`);
        if (rest) line.append(made("span", "rml-remedy", rest));
        if (problem.topic) line.append(" ", helpLink(problem.topic, "this problem"));
        if (problem.remedy) line.append(remedy(problem.remedy));
        if (problem.original) line.append(original(problem.original));
        return line;
      }),
    );
  };
  const watched = ["state", "state_label", "allowed", "progress", "progress_text", "title", "deleted"];
  watched.forEach((name) => model.on(`change:${name}`, refresh));
  model.on("change:problems", refreshProblems);
  refresh();
  refreshProblems();
  return () => {
    watched.forEach((name) => model.off(`change:${name}`, refresh));
    model.off("change:problems", refreshProblems);
  };
}

export default { render };

// Runs over one another: which, what of them, in which chart, and in what they differ.

const LOOK_MS = 3000; // at runs that go on, while somebody sees them
const AXES = [["steps", "Environment steps"], ["time", "Training time"]];

const choiceOf = (label, work) => {
  const box = made("label", "rml-cmp-choice");
  const select = made("select", "rml-input rml-small");
  box.append(made("span", "", label), select);
  select.addEventListener("change", () => work(select.value));
  const fill = (choices, value) => {
    const texts = JSON.stringify(choices);
    if (select.dataset.choices !== texts) {
      select.dataset.choices = texts;
      select.replaceChildren(...choices.map(([name, text]) => new Option(text, name)));
    }
    select.value = String(value);
  };
  return { box, fill };
};

export default () => {
  const shared = sharedRows("run_id");

  const render = ({ model, el }) => {
    el.classList.add("rml-xp", "rml-cmp");
    const ask = (action, more) => model.send({ action, ...more });
    const write = (name, value) => {
      model.set(name, value);
      model.save_changes();
    };
    const runs = () => model.get("shown").runs ?? [];
    const isChosen = (run_id) => runs().some((run) => run.run_id === run_id);
    let awaited = null; // the file that this view asked for

    const picker = pickerOf(columnsFor(model.get("last_games")), () => [...shared.rows.values()], isChosen, (run_id, on) =>
      ask(on ? "add" : "drop", { run_id }),
    );
    const metric = choiceOf("Curve", (value) => write("metric", value));
    const smoothing = choiceOf("Drawn as", (value) => write("window", Number(value)));
    const axis = choiceOf("Over", (value) => write("axis", value));
    const save = (form, title) => pressed(form.toUpperCase(), title, "rml-button rml-small", () => {
      awaited = crypto.randomUUID?.() ?? String(Math.random());
      say(saved, `Making the ${form.toUpperCase()} …`);
      ask("export", { form, token: awaited });
    });
    const saved = made("span", "rml-caption");
    saved.setAttribute("role", "status");
    const clear = pressed("Take all off", "Compare no runs", "rml-link", () => {
      ask("clear");
      picker.button.focus({ preventScroll: true });
    });
    const tools = made("div", "rml-xp-tools");
    const working = made("span", "rml-caption");
    working.setAttribute("role", "status");
    tools.append(picker.box, metric.box, smoothing.box, axis.box, working);
    const problems = made("div", "rml-xp-problems");
    problems.setAttribute("role", "alert");

    const empty = made("p", "rml-cmp-empty");
    const stage = made("div", "rml-cmp-stage");
    const title = made("h4", "rml-cmp-title");
    const drawing = chartOf(model);
    const summary = made("p", "rml-caption rml-cmp-summary");
    summary.id = `rml-cmp-${Math.random().toString(36).slice(2)}`;
    drawing.chart.setAttribute("aria-describedby", summary.id);
    const cautions = made("div", "rml-cmp-cautions");
    cautions.setAttribute("role", "status");
    const legend = legendOf(model.get("last_games"), {
      hide: (run_id, on) => {
        const others = model.get("hidden").filter((other) => other !== run_id);
        write("hidden", on ? [...others, run_id] : others);
      },
      drop: (run_id) => {
        ask("drop", { run_id });
        picker.button.focus({ preventScroll: true });
      },
    });
    const differences = differencesOf();
    const head = made("div", "rml-cmp-head");
    const files = made("div", "rml-cmp-files");
    files.append(
      saved,
      save("csv", "The curves that are shown, as a table with a row for each point"),
      save("png", "The chart as a picture"),
      clear,
    );
    head.append(title, files);
    stage.append(head, drawing.chart, summary, cautions, legend.table, differences.box);
    el.append(tools, problems, empty, stage);

    const sentences = ({ cautions: told, warns, problems: missing }) => [
      ...missing.map((text) => made("div", "rml-problem rml-warning", `! ${text}`)),
      ...told.map((text, i) => made("div", `rml-problem ${warns && i === 0 ? "rml-warning" : "rml-cmp-note"}`, `${warns && i === 0 ? "!" : "i"} ${text}`)),
    ];
    const listed = () => {
      say(empty, shared.read ? `Choose up to ${model.get("most")} runs to see their curves in one chart: here with Add runs, or in Experiments by their boxes and the button Compare.` : "Reading the runs …");
      picker.refresh();
    };
    const refresh = () => {
      const shown = model.get("shown");
      const some = runs().length > 0;
      empty.hidden = some;
      stage.hidden = !some;
      listed();
      for (const { box } of [metric, smoothing, axis]) box.hidden = !some;
      if (!some) return;
      metric.fill(shown.metrics, model.get("metric"));
      smoothing.fill(shown.windows, model.get("window"));
      axis.fill(AXES, model.get("axis"));
      say(title, shown.title);
      say(summary, shown.summary);
      const words = JSON.stringify([shown.problems, shown.cautions, shown.warns]);
      if (cautions.dataset.words !== words) {
        cautions.dataset.words = words; // said again only when it is something else
        cautions.replaceChildren(...sentences(shown));
      }
      legend.refresh(shown.runs);
      differences.refresh(shown);
      drawing.refresh();
    };
    const tell = () => sayProblems(problems, model.get("notice").problems);
    const tellWorking = () => say(working, model.get("working"));
    const onMessage = (message, buffers) => {
      if (!awaited || message.token !== awaited) return;
      awaited = null;
      say(saved, message.kind === "file" ? saveFile(message, buffers) : message.text);
    };
    const alive = (run) => run.state !== "deleted" && goesOn(run);
    const sight = whileSeen(el, () => ask("begin"), () => {}, [LOOK_MS, () => runs().some(alive) && ask("look")]);
    shared.views.add(listed);
    model.on("msg:custom", onMessage);
    model.on("change:shown", refresh);
    model.on("change:notice", tell);
    model.on("change:working", tellWorking);
    tell();
    tellWorking();
    refresh();
    return () => {
      shared.views.delete(listed);
      sight.end();
      drawing.end();
      model.off("msg:custom", onMessage);
      model.off("change:shown", refresh);
      model.off("change:notice", tell);
      model.off("change:working", tellWorking);
    };
  };

  return { initialize: shared.initialize, render };
};

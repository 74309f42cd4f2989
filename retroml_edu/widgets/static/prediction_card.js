// Predict, then train: the question and the canvas before a run, what came of it afterwards.

const LEADS = {
  asking: "What will the mean return do? Draw the curve that you expect, then press Train.",
  skipped: "This run goes without a prediction.",
  training: "Your curve lies over the learning curve, dashed. What came of it is told here when the run has ended.",
  scored: "",
};

function render({ model, el }) {
  el.classList.add("rml-prediction");
  const { body } = makeCard(el, "Your prediction");
  const lead = made("p", "rml-prediction-lead");
  const told = made("ul", "rml-prediction-told");
  const status = made("div", "");
  status.setAttribute("role", "status");
  status.append(lead, told);
  const area = made("div", "");
  const buttons = made("div", "rml-prediction-buttons");
  const ask = (action) => () => model.send({ action });
  const skip = pressed("Skip", "Train this run without a prediction", "rml-button rml-small", ask("skip"));
  const back = pressed("Predict after all", "Draw what you expect of this run", "rml-button rml-small", ask("draw"));
  const next = pressed("Predict the next run", "Draw what you expect of the settings on the left", "rml-button rml-small", ask("next"));
  buttons.append(skip, back, next);
  body.append(status, area, buttons);
  const end = makeCanvas(model, area);

  const refresh = () => {
    const stage = model.get("stage");
    el.hidden = stage === "hidden";
    el.dataset.stage = stage;
    el.classList.toggle("rml-prediction-wanted", stage === "asking" && model.get("wanted"));
    say(lead, LEADS[stage] ?? "");
    lead.hidden = !lead.textContent;
    const sentences = stage === "scored" ? model.get("said") : [];
    if (sentences.join("\n") !== [...told.children].map((line) => line.textContent).join("\n")) {
      told.replaceChildren(...sentences.map((sentence) => made("li", "", sentence)));
    }
    told.hidden = !sentences.length;
    area.hidden = !["asking", "scored"].includes(stage);
    skip.hidden = stage !== "asking" || !model.get("may_skip");
    back.hidden = stage !== "skipped";
    next.hidden = stage !== "scored" || !model.get("may_ask");
    buttons.hidden = skip.hidden && back.hidden && next.hidden;
  };
  const watched = ["stage", "said", "wanted", "may_skip", "may_ask"];
  watched.forEach((name) => model.on(`change:${name}`, refresh));
  refresh();
  return () => {
    watched.forEach((name) => model.off(`change:${name}`, refresh));
    end();
  };
}

export default { render };

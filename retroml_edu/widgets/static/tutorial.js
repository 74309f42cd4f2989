// The tutorial: a card beside what it is about, and a line that offers it or leads back to it.

const OFFERS = {
  new: ["New here? The tutorial trains a first model with you, step by step.", "No, thank you", "It is not offered again; the help can start it at any time"],
  left: ["The tutorial waits for you.", "Put it away", "It is not offered again; the help leads back to it at any time"],
};

function render({ model, el }) {
  el.classList.add("rml-tutorial");
  const send = (action, more) => model.send({ action, ...more });
  const small = "rml-button rml-small";

  // The line
  const words = made("span", "rml-tutorial-words");
  const begin = pressed("", "", small, () => enter());
  const decline = pressed("", "", "rml-link", () => send(model.get("is_open") ? "leave" : "decline"));
  const line = made("div", "rml-tutorial-line");
  line.append(words, begin, decline);

  // The card
  const card = made("div", "rml-tutorial-card");
  card.setAttribute("role", "region");
  const heading = made("h4", "rml-tutorial-title");
  heading.tabIndex = -1;
  card.setAttribute("aria-label", "Tutorial");
  const place = made("span", "rml-tutorial-place");
  const close = pressed("✕", "Leave the tutorial; the place is kept (Esc)", "rml-icon", () => leave());
  close.setAttribute("aria-label", "Leave the tutorial");
  const head = made("div", "rml-tutorial-head");
  head.append(place, close);
  const story = made("div", "rml-tutorial-story");
  story.setAttribute("aria-live", "polite");
  const says = made("div", "");
  story.append(heading, says);
  const more = made("div", "rml-tutorial-more");
  const result = made("div", "rml-tutorial-result");
  result.setAttribute("aria-live", "polite");
  const waiting = made("p", "rml-tutorial-waiting");
  waiting.setAttribute("role", "status");
  const bar = made("div", "rml-tutorial-progress");
  bar.setAttribute("aria-hidden", "true"); // the words beside the title say the same
  const fill = made("div", "");
  bar.append(fill);
  const showIt = pressed("Show it", "Scroll to it and go there (F6)", "rml-link", () => show(() => pointer.focus()));
  const back = pressed("Back", "", small, () => turn(-1));
  const next = pressed("Next", "", `${small} rml-primary`, () => turn(1));
  const buttons = made("div", "rml-tutorial-buttons");
  buttons.append(showIt, back, next);
  card.append(head, bar, story, result, more, waiting, buttons);
  el.append(line, card);

  let panel = null;
  let pointer = null;
  let inSight = false;
  let shown = ""; // which step the card shows
  let compared = null; // which result
  let asked = false; // whether a person waits for the next one
  let entered = ""; // the step that a person went to last
  const current = () => model.get("steps")[model.get("step")];
  const isOpen = () => model.get("is_open") && Boolean(current()) && Boolean(pointer);
  const mayGoOn = () => !current()?.awaits || model.get("reached").includes(current().awaits);

  const turn = (by) => {
    const to = model.get("step") + by;
    if (by > 0 && !mayGoOn()) return;
    if (to === model.get("steps").length) return leave("finish");
    asked = true;
    send("go", { to });
  };
  const leave = (action = "leave") => send(action);
  // Brings what the step is about into sight, opening what hides it, and then moves the keyboard.
  const show = (move) => {
    pointer.reveal();
    if (move) requestAnimationFrame(move);
  };
  const toCard = () => heading.focus({ preventScroll: true });
  const enter = () => {
    if (isOpen()) return show(toCard);
    asked = true;
    send("begin");
  };

  const EXTRAS = {
    choose: () => pressed("Choose for me", "Puts game, algorithm, length and seed into the form", small, () => send("choose")),
    help: () => pressed("Open the help", "", small, () => el.dispatchEvent(new CustomEvent("rml-help", { bubbles: true, detail: { topic: "start" } }))),
  };
  const drawStep = (step) => {
    say(heading, step.title);
    says.replaceChildren(...step.says.map((text) => made("p", "", text)));
    more.replaceChildren(...(EXTRAS[step.offers] ? [EXTRAS[step.offers]()] : []));
    const number = model.get("step") + 1;
    const all = model.get("steps").length;
    say(place, `Tutorial · ${number} of ${all}`);
    fill.style.width = `${(100 * number) / all}%`;
    showIt.setAttribute("aria-label", `Show it: ${step.about}`);
    back.hidden = number === 1;
    say(next, number === all ? "Done" : "Next");
  };
  const drawResult = () => {
    const compares = current().offers === "compare";
    result.hidden = !compares;
    if (!compares || compared === model.get("result")) return false; // who listens hears it once
    compared = model.get("result");
    const { sentences = ["The comparison is here as soon as the run has ended."], curves = {}, goal = null } = compared;
    const chart = curves.yours ? comparisonChart({ curves, goal }, "Rolling mean of the return by steps: your run and the recorded run, compared below") : [];
    result.replaceChildren(...chart, ...sentences.map((text) => made("p", "", text)));
    return true;
  };
  const drawWaiting = () => {
    const ready = mayGoOn();
    next.setAttribute("aria-disabled", String(!ready));
    const { awaits, waiting: still } = current();
    say(waiting, model.get("said") || (!awaits ? "" : ready ? "✓ Done: press Next." : still));
  };
  const drawLine = () => {
    const away = isOpen() && !inSight;
    const [offer, no, why] = OFFERS[model.get("offer")] ?? [];
    line.hidden = !(away || (!model.get("is_open") && offer));
    say(words, away ? "The tutorial goes on where you left it." : offer ?? "");
    say(begin, away ? "Back to the tutorial" : model.get("invitation"));
    say(decline, away ? "Leave it" : no ?? "");
    decline.title = away ? "The place is kept" : why ?? "";
  };
  const refresh = () => {
    const focused = el.contains(document.activeElement);
    const open = isOpen();
    const name = open ? current().name : "";
    const turned = name !== shown;
    if (turned) {
      shown = name;
      if (open) drawStep(current());
      pointer?.pointAt(open ? current().points_at : "");
    }
    const grown = open && drawResult();
    if (open) drawWaiting();
    drawSight(inSight);
    if (open && turned && asked) {
      asked = false;
      entered = name;
      show(card.contains(document.activeElement) ? null : toCard);
    } else if (grown && entered === name) {
      show(); // the comparison came after its step
    }
    // Whoever went by keyboard stays near when what had the focus goes away.
    if (focused && !document.activeElement?.checkVisibility()) [next, begin, panel.querySelector(".rml-tab[aria-selected='true']")].find((node) => node?.checkVisibility())?.focus();
  };
  const drawSight = (now) => {
    inSight = now;
    card.hidden = !(isOpen() && inSight);
    drawLine();
    el.hidden = line.hidden && card.hidden;
  };

  card.addEventListener("keydown", (event) => event.key === "Escape" && leave());
  const listening = new AbortController();
  const jump = (event) => {
    if (event.key !== "F6" || event.ctrlKey || event.metaKey || event.altKey || !isOpen()) return;
    event.preventDefault();
    show(card.contains(document.activeElement) ? () => pointer.focus() : toCard);
  };
  let frame = 0;
  const adopt = () => {
    panel = el.closest(".rml-panel");
    if (!panel) {
      frame = requestAnimationFrame(adopt);
      return;
    }
    pointer = makePointer(panel, card, drawSight);
    panel.addEventListener("keydown", jump, { signal: listening.signal });
    panel.addEventListener("rml-tutorial", enter, { signal: listening.signal });
    refresh();
  };
  const watched = ["steps", "step", "is_open", "offer", "invitation", "reached", "said", "result"];
  watched.forEach((name) => model.on(`change:${name}`, refresh));
  drawLine();
  el.hidden = line.hidden;
  card.hidden = true;
  adopt();
  return () => {
    cancelAnimationFrame(frame);
    listening.abort();
    pointer?.stop();
    watched.forEach((name) => model.off(`change:${name}`, refresh));
  };
}

export default { render };

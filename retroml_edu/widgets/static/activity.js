// What happened lately, newest first. Each line is a button that opens its run.

const SIGNS = { done: "✓", stopped: "■", failed: "✕", begun: "▸", tested: "◎" };

const part = (name, text) => {
  const node = document.createElement("span");
  node.className = `rml-activity-${name}`;
  node.textContent = text;
  return node;
};

const when = (time) => {
  const at = new Date(time);
  const today = at.toDateString() === new Date().toDateString();
  return at.toLocaleString([], today ? { hour: "2-digit", minute: "2-digit", hour12: false } : { day: "numeric", month: "short" });
};

function render({ model, el }) {
  el.classList.add("rml-activity");
  const { body } = makeCard(el, "Recent activity");
  const empty = document.createElement("p");
  empty.className = "rml-insights-empty";
  empty.textContent = "Your runs and tests are listed here as they begin and end.";
  const list = document.createElement("ul");
  list.setAttribute("aria-label", "What happened lately, newest first");
  body.append(empty, list);

  const line = (item) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = "Show this run";
    button.dataset.key = `${item.run_id} ${item.time}`;
    const sign = part("sign", SIGNS[item.sign] ?? "·");
    sign.dataset.sign = item.sign;
    sign.setAttribute("aria-hidden", "true"); // the word beside it says the same
    const time = document.createElement("time");
    time.dateTime = item.time;
    time.textContent = when(item.time);
    const what = part("what", "");
    what.append(part("word", item.word), " ", part("run", item.run));
    if (item.detail) what.append(" ", part("detail", item.detail));
    button.append(sign, what, " ", time);
    button.addEventListener("click", () => model.send({ action: "open", run_id: item.run_id }));
    const node = document.createElement("li");
    node.append(button);
    return node;
  };
  const refresh = () => {
    const items = model.get("items");
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    empty.hidden = items.length > 0;
    list.replaceChildren(...items.map(line));
    if (focused) list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  };
  model.on("change:items", refresh);
  refresh();
  model.send({ action: "begin" });
  return () => model.off("change:items", refresh);
}

export default { render };

// A question, controls for its answer, and what is said of it. Python judges: no answer stands in the page.

const SIGNS = { right: "✓", wrong: "✕", kept: "●", problem: "!" };
const VERDICTS = { right: "Right.", wrong: "Not yet.", kept: "Kept.", problem: "" };
const PATIENCE_MS = 1500;

// Radio buttons or boxes. Each of these makers returns the nodes, what is answered now, and how an answer is shown.
const makeChoice = (model, id, changed) => {
  const group = made("div", "rml-quiz-options");
  group.setAttribute("role", model.get("several") ? "group" : "radiogroup");
  group.setAttribute("aria-labelledby", `${id}-question`);
  const inputs = model.get("choices").map((text, i) => {
    const label = made("label", "rml-quiz-option");
    const input = made("input");
    Object.assign(input, { type: model.get("several") ? "checkbox" : "radio", name: id, value: String(i) });
    input.addEventListener("change", changed);
    const sign = made("span", "rml-quiz-mark");
    sign.setAttribute("aria-hidden", "true");
    label.append(input, marked(made("span", "rml-quiz-text"), text), sign);
    group.append(label);
    return input;
  });
  const chosen = () => inputs.flatMap((input, i) => (input.checked ? [i] : []));
  return {
    nodes: [group],
    read: () => (model.get("several") ? chosen() : (chosen()[0] ?? [])),
    show: (answer) => inputs.forEach((input, i) => (input.checked = [answer].flat().includes(i))),
    // Where one is chosen, it is said at that one too.
    mark: (verdict) => {
      for (const input of inputs) {
        const one = input.checked && !model.get("several") && ["right", "wrong"].includes(verdict);
        input.parentNode.dataset.verdict = one ? verdict : "";
        say(input.parentNode.lastChild, one ? SIGNS[verdict] : "");
      }
    },
  };
};

const makeNumber = (model, id, changed) => {
  const input = made("input", "rml-input rml-quiz-number");
  Object.assign(input, { type: "text", inputMode: "decimal", autocomplete: "off", maxLength: 40, placeholder: "Number" });
  input.setAttribute("aria-labelledby", `${id}-question`);
  input.addEventListener("input", changed);
  return { nodes: [input], read: () => input.value, show: (answer) => (input.value = String(answer ?? "")) };
};

const makeText = (model, id, changed) => {
  const input = made("textarea", "rml-input rml-quiz-area");
  Object.assign(input, { rows: 4, maxLength: model.get("most"), placeholder: "Your answer, in a sentence or two" });
  input.setAttribute("aria-labelledby", `${id}-question`);
  input.addEventListener("input", changed);
  return { nodes: [input], read: () => input.value, show: (answer) => (input.value = String(answer ?? "")) };
};

// Steps that change places: dragged, or moved by their buttons or the arrow keys on them.
const makeOrder = (model, id, changed) => {
  const list = made("ol", "rml-quiz-steps");
  list.setAttribute("aria-labelledby", `${id}-question`);
  const told = made("div", "rml-unseen");
  told.setAttribute("role", "status");
  const texts = model.get("choices");
  const items = texts.map((text, number) => {
    const item = made("li", "rml-quiz-step");
    const plain = text.replaceAll("`", "");
    const move = (by) => {
      const other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
      if (!other) return;
      by < 0 ? item.after(other) : item.before(other); // the other one moves: this one keeps its focus, and the mouse
      renumber();
      say(told, `${plain} is now ${[...list.children].indexOf(item) + 1} of ${texts.length}`);
      changed();
    };
    const button = (sign, way, by) => {
      const node = pressed(sign, `Move ${way}`, "rml-icon", () => move(by));
      node.setAttribute("aria-label", `Move ${way}: ${plain}`);
      node.dataset.again = ""; // several presses are several moves
      node.dataset.way = way;
      return node;
    };
    const grip = made("span", "rml-quiz-grip", "⠿");
    grip.setAttribute("aria-hidden", "true");
    const place = made("span", "rml-quiz-place");
    const buttons = made("span", "rml-quiz-moves");
    buttons.append(button("↑", "up", -1), button("↓", "down", 1));
    buttons.addEventListener("keydown", (event) => {
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      move(by);
    });
    item.append(grip, place, marked(made("span", "rml-quiz-text"), text), buttons);
    item.dataset.number = String(number);

    let held = false;
    item.addEventListener("pointerdown", (event) => {
      const scrolls = event.pointerType === "touch" && event.target !== grip; // a finger beside the grip moves the page
      if (event.button !== 0 || scrolls || event.target.closest("button")) return;
      event.preventDefault();
      item.setPointerCapture(event.pointerId);
      held = true;
      item.classList.add("rml-quiz-held");
    });
    item.addEventListener("pointermove", (event) => {
      if (!held) return;
      const middle = (node) => {
        const box = node.getBoundingClientRect();
        return box.top + box.height / 2;
      };
      const [before, after] = [item.previousElementSibling, item.nextElementSibling];
      if (before && event.clientY < middle(before)) move(-1);
      else if (after && event.clientY > middle(after)) move(1);
    });
    const lift = () => {
      held = false;
      item.classList.remove("rml-quiz-held");
    };
    item.addEventListener("pointerup", lift);
    item.addEventListener("pointercancel", lift);
    return item;
  });
  const renumber = () =>
    [...list.children].forEach((item, i, all) => {
      say(item.querySelector(".rml-quiz-place"), `${i + 1}.`);
      item.querySelector('[data-way="up"]').setAttribute("aria-disabled", String(i === 0));
      item.querySelector('[data-way="down"]').setAttribute("aria-disabled", String(i === all.length - 1));
    });
  const show = (answer) => {
    const order = Array.isArray(answer) && answer.length === items.length ? answer : model.get("start");
    list.replaceChildren(...order.map((number) => items[number]));
    renumber();
  };
  return { nodes: [list, told], read: () => [...list.children].map((item) => Number(item.dataset.number)), show };
};

const KINDS = { choice: makeChoice, number: makeNumber, order: makeOrder, text: makeText };

export default {
  render({ model, el }) {
    const id = `rml-${Math.random().toString(36).slice(2)}`; // a page holds many, each with a script of its own
    el.classList.add("rml-quiz");
    el.dataset.kind = model.get("kind");
    const question = made("div", "rml-quiz-question");
    question.id = `${id}-question`;
    markedParagraphs(question, model.get("question"), "rml-text");

    let dirty = false; // something was changed that was not sent
    let waiting = null;
    let sent = null; // what is being judged
    let wanted = null; // what was answered meanwhile
    const status = made("div"); // there before it says something, or nobody hears it
    status.setAttribute("role", "status");
    const feedback = made("p", "rml-quiz-feedback");
    status.append(feedback);
    const changed = () => {
      dirty = true;
      refresh();
    };
    const control = KINDS[model.get("kind")](model, id, changed);
    const isShown = (answer) => JSON.stringify(control.read()) === JSON.stringify(answer);
    const send = (answer) => {
      sent = answer;
      wanted = null;
      dirty = !isShown(answer);
      waiting = setTimeout(() => say(note, "Waiting: the kernel is busy with a cell …"), PATIENCE_MS);
      model.send({ action: "answer", answer });
      offer();
    };
    // While an answer is judged, the newest other one waits: what is said of the first may be on the screen already.
    const ask = () => {
      if (waiting === null) return send(control.read());
      wanted = isShown(sent) ? null : control.read();
      offer();
    };
    const offer = () => check.setAttribute("aria-disabled", String(waiting !== null && isShown(wanted ?? sent)));
    const check = pressed(model.get("button"), "", "rml-button rml-primary rml-quiz-check", ask);
    const note = made("span", "rml-quiz-tries");
    const row = made("div", "rml-quiz-row");
    const inRow = model.get("kind") === "number"; // short enough for one line
    row.append(...(inRow ? control.nodes : []), check, note);
    // Enter answers; in a text it makes a line, and Ctrl or ⌘ with it answers, which would otherwise run the cell.
    el.addEventListener("keydown", (event) => {
      const inText = event.target.tagName === "TEXTAREA";
      if (event.key !== "Enter" || event.target.tagName === "BUTTON") return;
      if (inText && !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      event.stopPropagation();
      ask();
    });
    el.append(question, ...(inRow ? [] : control.nodes), row, status);

    const refresh = () => {
      const verdict = model.get("verdict");
      const tries = model.get("tries");
      offer();
      feedback.hidden = !verdict;
      el.dataset.verdict = dirty ? "" : verdict;
      feedback.dataset.verdict = verdict;
      feedback.classList.toggle("rml-quiz-stale", dirty); // it is about the answer before
      control.mark?.(dirty ? "" : verdict);
      const counted = tries && ["right", "wrong"].includes(verdict);
      if (waiting === null) say(note, counted ? `${tries} ${tries === 1 ? "try" : "tries"}` : "");
      const told = model.get("told");
      const key = `${verdict} ${told}`;
      if (!verdict || feedback.dataset.key === key) return;
      feedback.dataset.key = key;
      const sign = made("span", "rml-quiz-sign", SIGNS[verdict]);
      sign.setAttribute("aria-hidden", "true");
      const said = made("span");
      const words = told.startsWith("Kept") ? "" : VERDICTS[verdict];
      if (words) said.append(made("strong", "", words), " ");
      said.append(marked(made("span"), told));
      feedback.replaceChildren(sign, said);
    };
    const shown = () => {
      if (!dirty) control.show(model.get("answer"));
      refresh();
    };
    const onMessage = (message) => {
      if (message.kind !== "answered" || waiting === null) return; // the latter: of another view
      clearTimeout(waiting);
      waiting = null;
      if (wanted !== null) return send(wanted);
      dirty = !isShown(sent);
      refresh();
    };
    const names = ["verdict", "told", "tries"];
    for (const name of names) model.on(`change:${name}`, refresh);
    model.on("change:answer", shown);
    model.on("msg:custom", onMessage);
    shown();
    return () => {
      clearTimeout(waiting);
      names.forEach((name) => model.off(`change:${name}`, refresh));
      model.off("change:answer", shown);
      model.off("msg:custom", onMessage);
    };
  },
};

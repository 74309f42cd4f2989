// The tools with which a person rebuilds a board: a row of them, the reward they set, undo.

const TOOLS = [
  { sign: "#", name: "Wall", key: "w", hint: "A field that nobody enters. On a wall: take it away." },
  { sign: "G", name: "Goal", key: "g", reward: 1, hint: "Ends the episode, with a reward for entering." },
  { sign: "G", name: "Pit", key: "p", reward: -1, hint: "Ends the episode, with a loss for entering." },
  { sign: "R", name: "Reward", key: "r", reward: 0.5, hint: "A reward each time it is entered; the episode goes on." },
  { sign: "S", name: "Start", key: "s", hint: "Where episodes start: there is one." },
  { sign: ".", name: "Free", key: "f", hint: "Nothing there." },
];

// Returns the row, `current()` with sign and reward of the chosen tool, and `choose(key)` for a letter.
const makeTools = ({ undo, reset }) => {
  const row = made("div", "rml-board-tools");
  row.setAttribute("role", "toolbar");
  row.setAttribute("aria-label", "Tools");
  const rewards = TOOLS.map((tool) => tool.reward ?? null);
  let chosen = 0;
  const box = made("input", "rml-number rml-board-reward");
  Object.assign(box, { type: "text", inputMode: "decimal" });
  const label = made("label", "rml-board-reward-label", "reward ");
  label.append(box);
  const buttons = TOOLS.map((tool, i) => {
    const button = pressed(tool.name, `${tool.hint} Key: ${tool.key.toUpperCase()}`, "rml-button rml-small rml-board-tool", () => pick(i));
    button.dataset.again = "";
    return button;
  });
  const number = () => Number(box.value.trim().replace("−", "-").replace(",", "."));
  const valid = () => box.value.trim() !== "" && Number.isFinite(number());
  const pick = (i) => {
    chosen = i;
    buttons.forEach((button, j) => button.setAttribute("aria-pressed", String(i === j)));
    label.hidden = rewards[i] === null;
    if (rewards[i] !== null) box.value = minus(String(rewards[i]));
    box.removeAttribute("aria-invalid");
  };
  box.addEventListener("input", () => {
    if (valid()) rewards[chosen] = number();
    box.setAttribute("aria-invalid", String(!valid()));
  });
  const back = pressed("Undo", "Take the last edit back. Key: Ctrl+Z", "rml-button rml-small", undo);
  const anew = pressed("Start over", "The board as it was before all edits", "rml-button rml-small", reset);
  back.dataset.again = "";
  const ends = made("span", "rml-board-tools-end");
  ends.append(back, anew);
  row.append(...buttons, label, ends);
  pick(0);
  return {
    row,
    current: () => ({ sign: TOOLS[chosen].sign, reward: rewards[chosen] ?? 0 }),
    choose: (key) => {
      const i = TOOLS.findIndex((tool) => tool.key === key.toLowerCase());
      if (i >= 0) pick(i);
      return i >= 0 ? TOOLS[i].name : "";
    },
    offer: (undoable) => {
      back.setAttribute("aria-disabled", String(!undoable));
      anew.setAttribute("aria-disabled", String(!undoable));
    },
  };
};

// What a field is and what it is worth, in words and in numbers that fit.

const ACTION_NAMES = ["up", "right", "down", "left"];
const WALL = "#";
const minus = (text) => text.replace("-", "−");
const trimmed = (text) => (/^[-−]0(\.0*)?$/.test(text) ? text.slice(1) : text);

// A number of at most so many characters: as many decimals as there is room for, two at most.
const fitting = (value, room, most = 2) => {
  for (let decimals = most; decimals > 0; decimals--) {
    const text = value.toFixed(decimals);
    if (text.length <= room) return minus(trimmed(text));
  }
  const text = value.toFixed(0);
  return minus(trimmed(text.length <= Math.max(3, room) ? text : value.toExponential(0).replace("e+", "e")));
};

// Widths of texts, sign by sign: of each the page is asked once for each font.
const ruler = document.createElement("canvas").getContext("2d");
const signWidths = new Map();
const widthOf = (text, font) =>
  [...text].reduce((sum, sign) => {
    const key = `${font} ${sign}`;
    if (!signWidths.has(key)) {
      ruler.font = font;
      signWidths.set(key, ruler.measureText(sign).width);
    }
    return sum + signWidths.get(key);
  }, 0);
// A number in so many pixels: rounded as far as needed, and a sign that there is more where nothing else has room.
const fittingInto = (value, width, font) => {
  for (let room = 8; room > 0; room--) {
    const text = fitting(value, room);
    if (widthOf(text, font) <= width) return text;
  }
  return "…";
};

const exactly = (value, digits = 4) => minus(trimmed(Math.abs(value) >= 1e5 ? value.toExponential(digits - 1) : String(Number(value.toPrecision(digits)))));
const signed = (reward) => (reward > 0 ? "+" : "") + exactly(reward);

// The fields of a board, row by row; `state` is the number of those without a wall.
const fieldsOf = ({ rows, goals, rewards, falls, step_reward: step }) => {
  const at = (list) => new Map(list.map(([row, column, reward]) => [`${row},${column}`, reward ?? true]));
  const [goal, reward, fall] = [at(goals), at(rewards), at(falls)];
  let state = 0;
  return rows.flatMap((line, row) =>
    [...line].map((sign, column) => {
      const key = `${row},${column}`;
      return {
        row,
        column,
        wall: sign === WALL,
        start: sign === "S",
        goal: goal.get(key) ?? null,
        pit: goal.get(key) < Math.min(0, step), // who ends there has lost more than by another step
        reward: reward.get(key) ?? null,
        fall: fall.has(key),
        state: sign === WALL ? -1 : state++,
      };
    }),
  );
};

const kindOf = (field) => {
  if (field.wall) return "wall";
  if (field.goal !== null) return `${field.pit ? "pit" : "goal"}, reward ${signed(field.goal)}, ends the episode`;
  const parts = [];
  if (field.start) parts.push("start");
  if (field.fall) parts.push("cliff, leads back to the start");
  if (field.reward !== null) parts.push(`reward ${signed(field.reward)}`);
  return parts.join(", ") || "free";
};

// All there is to say of a field: for its label, and for the line under the board.
const wordsOf = (field, known) => {
  const said = [`Row ${field.row}, column ${field.column}: ${kindOf(field)}.`];
  const { state } = field;
  if (state < 0) return said[0];
  if (known.agent === state) said.push("The agent stands here.");
  if (field.goal !== null || field.fall) return said.join(" "); // nobody goes on from there
  if (known.values) said.push(`Value ${exactly(known.values[state])}.`);
  const rowOf = (table) => [...table.subarray(4 * state, 4 * state + 4)];
  if (known.policy) {
    const row = rowOf(known.policy);
    const taken = ACTION_NAMES.filter((_, action) => row[action] > 1e-6);
    said.push(taken.length === 4 && Math.max(...row) - Math.min(...row) < 1e-6 ? "Any direction." : `Goes ${taken.join(" or ")}.`);
  }
  const each = (table) => rowOf(table).map((value, action) => `${ACTION_NAMES[action]} ${exactly(value)}`).join(", ");
  if (known.action_values) said.push(`${each(known.action_values)}.`);
  else if (known.backups) said.push(`Backed up from these values: ${each(known.backups)}.`);
  return said.join(" ");
};

// The arms of a bandit: what each is held to be worth above its button, drawn as a column; a press pulls it.

const BANDIT_HEIGHT = 250;
const BANDIT_LEFT = 62;
const BANDIT_PAD = 12;
const BANDIT_WORD = 18; // what a line of words takes, with its distance from the next
const MOST_WAITING = 10;

// The outline of a normal distribution standing upright around a place.
const bell = (x, width, y, mean, spread) => {
  const points = [];
  for (let z = -2.6; z <= 2.61; z += 0.2) points.push([width * Math.exp((-z * z) / 2), y(mean + z * spread)]);
  const path = (side) => points.map(([w, at]) => `${(x + side * w).toFixed(1)},${at.toFixed(1)}`);
  return `M${path(1).join("L")}L${path(-1).reverse().join("L")}Z`;
};

export default {
  render({ model, el }) {
    el.classList.add("rml-bandit");
    const chart = shape("svg", { class: "rml-bandit-chart", "aria-hidden": "true", height: BANDIT_HEIGHT });
    const table = made("div", "rml-bandit-table");
    table.setAttribute("role", "group");
    table.setAttribute("aria-label", "Arms");
    const legend = made("p", "rml-bandit-legend");
    const told = made("p", "rml-bandit-told");
    told.setAttribute("role", "status");
    el.append(told, chart, table, legend);
    let buttons = [];
    let waiting = false;
    const queue = []; // pulls of a quick hand, one after another
    const pull = (arm) => {
      if (!waiting) {
        waiting = true;
        model.send({ action: "pull", arm });
      } else if (!isFull()) queue.push(arm);
      offer();
    };
    const isFull = () => queue.length >= MOST_WAITING;
    const offer = () => buttons.forEach((button) => button.setAttribute("aria-disabled", String(isFull())));
    const heard = (message) => {
      if (message.kind !== "done") return;
      waiting = false;
      if (queue.length) pull(queue.shift());
      offer();
    };
    const build = (count) => {
      table.style.setProperty("--rml-arms", String(count));
      table.replaceChildren();
      buttons = Array.from({ length: count }, (_, arm) => {
        const node = pressed("", "Pull this arm", "rml-button rml-bandit-arm", () => pull(arm));
        node.dataset.again = "true"; // two presses are two pulls
        node.append(made("b", "", String(arm + 1)), made("span"), made("span"));
        return node;
      });
      const [estimate, pulls] = [made("span", "rml-bandit-head"), made("span", "rml-bandit-head", "pulls")];
      const head = made("div", "rml-bandit-heads");
      head.append(made("b", "", "arm"), estimate, pulls);
      table.append(head, ...buttons);
    };
    const draw = () => {
      const { arms, now, paid, low, high, truth, kind, best, told: newest } = model.get("state");
      if (!arms) return;
      if (buttons.length !== arms.length) build(arms.length);
      say(told, newest);
      say(table.querySelector(".rml-bandit-heads span"), kind);
      arms.forEach((arm, i) => {
        const [, estimate, pulls] = buttons[i].children;
        say(estimate, arm.value);
        say(pulls, `× ${whole(arm.pulls)}`);
        buttons[i].setAttribute("aria-label", arm.said);
        buttons[i].classList.toggle("rml-bandit-now", i === now);
        buttons[i].classList.toggle("rml-bandit-best", truth && i === best);
      });
      const width = el.clientWidth;
      if (!width) return;
      chart.setAttribute("width", width);
      chart.replaceChildren();
      const add = (tag, name, attributes, text) => chart.appendChild(shape(tag, { class: name, ...attributes }, text));
      const words = (text, name, attributes) => add("text", name, attributes, text);
      const y = (value) => BANDIT_PAD + ((high - Math.min(high, Math.max(low, value))) / (high - low)) * (BANDIT_HEIGHT - 2 * BANDIT_PAD);
      const each = (width - BANDIT_LEFT) / arms.length;
      const wide = Math.min(24, each * 0.4);
      if (now >= 0) add("rect", "rml-bandit-here", { x: BANDIT_LEFT + now * each, width: each, y: 0, height: BANDIT_HEIGHT });
      for (let tick = Math.ceil(low); tick <= high; tick += high - low > 8 ? 2 : 1) {
        add("line", tick ? "rml-bandit-grid" : "rml-bandit-zero", { x1: BANDIT_LEFT, x2: width, y1: y(tick), y2: y(tick) });
        words(String(tick).replace("-", "−"), "rml-bandit-tick", { x: BANDIT_LEFT - 6, y: y(tick) + 4 });
      }
      arms.forEach((arm, i) => {
        const x = BANDIT_LEFT + (i + 0.5) * each;
        let sign = -BANDIT_HEIGHT; // where something is written in this column already
        if (arm.upper === "inf") sign = BANDIT_PAD + 6;
        if (arm.chance !== null) {
          const tall = arm.chance * (BANDIT_HEIGHT - 2 * BANDIT_PAD);
          add("rect", "rml-bandit-chance", { x: x - wide, width: 2 * wide, y: BANDIT_HEIGHT - BANDIT_PAD - tall, height: Math.max(1, tall) });
          sign = Math.max(14, BANDIT_HEIGHT - BANDIT_PAD - tall - 5);
          words(`${Math.round(100 * arm.chance)} %`, "rml-bandit-percent", { x, y: sign });
        }
        if (truth) {
          add("path", "rml-bandit-rewards", { d: bell(x, wide, y, arm.mean, 1) });
          add("line", "rml-bandit-mean", { x1: x - wide, x2: x + wide, y1: y(arm.mean), y2: y(arm.mean) });
          const [above, below] = [Math.max(10, y(arm.mean + 2.6) - 3), y(arm.mean - 2.6) + 13];
          if (i === best) words("best", "rml-bandit-besttext", { x, y: Math.abs(above - sign) < BANDIT_WORD ? below : above });
        }
        if (arm.spread !== null) add("path", "rml-bandit-belief", { d: bell(x, wide * 0.8, y, arm.estimate, arm.spread) });
        if (arm.upper !== null) {
          const top = arm.upper === "inf" ? BANDIT_PAD : y(arm.upper);
          if (arm.estimate !== null && arm.upper !== "inf") add("line", "rml-bandit-doubt", { x1: x, x2: x, y1: y(arm.estimate), y2: top });
          if (arm.upper === "inf") words("∞", "rml-bandit-endless", { x, y: sign });
          else if (arm.upper > high) add("path", "rml-bandit-bound rml-bandit-beyond", { d: `M${x - 9},${top + 7}L${x},${top}L${x + 9},${top + 7}` });
          else add("path", "rml-bandit-bound", { d: `M${x - 9},${top}H${x + 9}` });
        }
        if (arm.drawn !== null) add("path", "rml-bandit-drawn", { d: `M${x - 5},${y(arm.drawn) - 5}l10,10m0,-10l-10,10` });
        if (arm.estimate !== null && arm.chance === null) add("circle", arm.pulls ? "rml-bandit-estimate" : "rml-bandit-estimate rml-bandit-untried", { cx: x, cy: y(arm.estimate), r: 5.5 });
        if (i === now && paid !== null) add("path", "rml-bandit-paid", { d: `M${x + 0.8 * wide},${y(paid) - 7}l7,7l-7,7l-7,-7Z` }); // beside the dot
        const hit = add("rect", "rml-bandit-hit", { x: BANDIT_LEFT + i * each, width: each, y: 0, height: BANDIT_HEIGHT });
        hit.addEventListener("click", () => pull(i));
      });
      const seen = (name) => chart.querySelector(`.${name}`);
      const entries = [
        ["rml-bandit-mean", "▬", "true mean, with the spread of rewards"],
        ["rml-bandit-estimate", "●", kind === "belief" ? "mean of the belief" : "estimate (hollow: not tried yet)"],
        ["rml-bandit-belief", "◖", "belief: where the mean may lie"],
        ["rml-bandit-drawn", "✕", "drawn from the belief"],
        ["rml-bandit-bound", "┬", "upper bound: estimate + doubt"],
        ["rml-bandit-beyond", "∧", "the bound lies above the axis"],
        ["rml-bandit-endless", "∞", "not tried yet: the bound is infinite"],
        ["rml-bandit-chance", "▮", "probability of the next pull"],
        ["rml-bandit-paid", "◆", "what the newest pull paid"],
      ].filter(([name]) => seen(name));
      const signs = [kind, ...entries.map(([name]) => name)].join();
      if (legend.dataset.signs === signs) return;
      legend.dataset.signs = signs;
      legend.replaceChildren(...entries.map(([name, sign, text]) => {
        const entry = made("span", "rml-bandit-entry");
        entry.append(made("span", `rml-bandit-sign ${name}-sign`, sign), ` ${text}`);
        return entry;
      }));
    };
    const watcher = new ResizeObserver(() => requestAnimationFrame(draw));
    watcher.observe(el);
    table.addEventListener("keydown", (event) => {
      const turn = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const at = buttons.indexOf(document.activeElement);
      if (!turn || at < 0) return;
      event.preventDefault();
      buttons[(at + turn + buttons.length) % buttons.length].focus();
    });
    model.on("change:state", draw);
    model.on("msg:custom", heard);
    draw();
    return () => {
      watcher.disconnect();
      model.off("change:state", draw);
      model.off("msg:custom", heard);
    };
  },
};

// A canvas on which a person draws the curve that they expect: with mouse, pen or finger, or point by point with the
// arrow keys. Afterwards what came is drawn over it. It knows nothing of runs: the model says what the axes mean.

const HEIGHT = 230;
const EDGE = { top: 12, right: 14, bottom: 36, left: 54 };
const FLAT = 0.1; // of the axis: where the line lies before anything is drawn
const KEY_STEPS = 50; // steps of an arrow key from end to end
const PAGE_STEPS = 10;
const SURE_STEPS = 50; // of the slider, up to half of the axis

// Fills an element with the canvas of a model; returns what ends it.
const makeCanvas = (model, el) => {
  const id = `rml-${Math.random().toString(36).slice(2)}`; // a page may hold several, each with a script of its own
  el.classList.add("rml-canvas");
  const frame = made("div", "rml-canvas-frame");
  const svg = drawn("svg", { "aria-hidden": "true", height: HEIGHT });
  const hint = made("p", "rml-canvas-hint", "Draw your curve here, from left to right");
  hint.setAttribute("aria-hidden", "true");
  const points = model.get("points");
  const handles = Array.from({ length: points }, () => made("span", "rml-canvas-handle"));
  frame.append(svg, hint, ...handles);

  const limits = made("div", "rml-canvas-row");
  const limit = (name, words) => {
    const box = made("input", "rml-number");
    box.type = "text";
    box.inputMode = "decimal";
    const label = made("label", "rml-canvas-limit", words);
    label.append(box);
    box.addEventListener("change", () => {
      const value = Number(box.value.trim());
      const [low, high] = name === "low" ? [value, model.get("high")] : [model.get("low"), value];
      if (Number.isFinite(value) && low < high) write({ [name]: value });
      refresh();
    });
    limits.append(label);
    return box;
  };
  const lowest = limit("low", "Lowest");
  const highest = limit("high", "Highest");

  const sureRow = made("div", "rml-canvas-row");
  const sureLabel = made("label", "rml-canvas-sure");
  sureLabel.htmlFor = `${id}-sure`;
  const sure = made("input", "rml-slider");
  Object.assign(sure, { type: "range", id: `${id}-sure`, min: "0", max: String(SURE_STEPS), step: "1" });
  const sureWords = made("output", "rml-canvas-within");
  sureWords.htmlFor = sure.id;
  const again = pressed("Start over", "Take the curve away and draw it anew", "rml-button rml-small", () => {
    touched.fill(false);
    write({ values: [], within: 0 });
    refresh();
  });
  sureRow.append(sureLabel, sure, sureWords, again);
  const legend = made("p", "rml-canvas-legend");
  el.append(frame, limits, sureRow, legend);

  const touched = new Array(points).fill(false);
  let values = [];
  const write = (changes) => {
    for (const name in changes) model.set(name, changes[name]);
    model.save_changes();
  };

  // -- what is where ---------------------------------------------------------------------------------------------
  let width = 0;
  const axis = () => {
    const [low, high] = [model.get("low"), model.get("high")];
    return { low, high, span: high - low, grain: grainOf(high - low) };
  };
  const across = (share) => EDGE.left + share * (width - EDGE.left - EDGE.right);
  const up = (value) => {
    const { low, span } = axis();
    return HEIGHT - EDGE.bottom - ((value - low) / span) * (HEIGHT - EDGE.top - EDGE.bottom);
  };
  const shareOf = (i) => i / (points - 1);
  const isDrawn = () => model.get("values").length === points;
  const unit = () => model.get("x_unit");
  const moment = (i) => {
    const at = shareOf(i) * model.get("x_end");
    return `${unit() === "steps" ? whole(Math.round(at)) : score(at)} ${unit()}`;
  };

  // -- drawing it --------------------------------------------------------------------------------------------------
  const line = (pairs) => pairs.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  const drawAxes = (nodes) => {
    const { low, high } = axis();
    const [left, right] = [across(0), across(1)];
    for (const value of ticksOf(low, high, 5)) {
      nodes.push(drawn("line", { class: "rml-canvas-grid", x1: left, x2: right, y1: up(value), y2: up(value) }));
      nodes.push(drawn("text", { x: left - 8, y: up(value) + 4, "text-anchor": "end" }, compact(value)));
    }
    const end = model.get("x_end");
    for (const value of ticksOf(0, end, Math.max(2, Math.min(8, width / 90)))) {
      nodes.push(drawn("text", { x: across(value / end), y: HEIGHT - EDGE.bottom + 15, "text-anchor": "middle" }, compact(value)));
    }
    nodes.push(drawn("text", { x: (left + right) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, unit() === "steps" ? "Environment steps" : unit()));
    nodes.push(drawn("text", { x: left + 6, y: EDGE.top + 11 }, model.get("y_title")));
    const goal = model.get("goal");
    if (goal === null || goal < low || goal > high) return;
    nodes.push(drawn("line", { class: "rml-canvas-goal", x1: left, x2: right, y1: up(goal), y2: up(goal) }));
    nodes.push(drawn("text", { x: left + 6, y: up(goal) + 14 }, `${model.get("goal_label")}: ${score(goal)}`));
  };
  const draw = () => {
    width = frame.clientWidth;
    if (!width) return;
    const nodes = [];
    drawAxes(nodes);
    const curve = values.map((value, i) => [across(shareOf(i)), up(value)]);
    const within = model.get("within");
    if (isDrawn() && within > 0) {
      const { low, high } = axis();
      const side = (by) => values.map((value, i) => [across(shareOf(i)), up(clamped(value + by, low, high))]);
      nodes.push(drawn("polygon", { class: "rml-canvas-band", points: line([...side(within), ...side(-within).reverse()]) }));
    }
    const { x = [], y = [] } = model.get("actual");
    if (x.length) {
      const [floor, ceiling] = [HEIGHT - EDGE.bottom, EDGE.top];
      const pairs = x.map((at, i) => [across(at / model.get("x_end")), clamped(up(y[i]), ceiling, floor)]);
      nodes.push(drawn("polyline", { class: "rml-canvas-actual", points: line(pairs) }));
    }
    nodes.push(drawn("polyline", { class: isDrawn() ? "rml-canvas-expected" : "rml-canvas-waiting", points: line(curve) }));
    svg.setAttribute("width", String(width));
    svg.replaceChildren(...nodes);
    handles.forEach((handle, i) => {
      handle.style.left = `${curve[i][0]}px`;
      handle.style.top = `${curve[i][1]}px`;
    });
  };

  // -- what is said of it --------------------------------------------------------------------------------------------
  const tell = () => {
    const { low, high, grain, span } = axis();
    const locked = model.get("locked");
    const name = model.get("y_name");
    frame.setAttribute("role", locked ? "img" : "group");
    const told = values.map((value, i) => `${score(rounded(value, grain))} at ${moment(i)}`).join(", ");
    frame.setAttribute("aria-label", locked ? `The expected ${name}: ${told}` : `${model.get("question")} Each point is a slider; the arrow keys move it.`);
    frame.classList.toggle("rml-canvas-locked", locked);
    if (locked && handles.includes(document.activeElement)) { // who goes by keyboard stays here
      frame.tabIndex = -1;
      frame.focus();
    }
    handles.forEach((handle, i) => {
      handle.hidden = locked;
      if (locked) return handle.removeAttribute("role");
      handle.tabIndex = 0;
      handle.setAttribute("role", "slider");
      handle.setAttribute("aria-orientation", "vertical");
      handle.setAttribute("aria-label", `${name} at ${moment(i)}`);
      handle.setAttribute("aria-valuemin", String(low));
      handle.setAttribute("aria-valuemax", String(high));
      handle.setAttribute("aria-valuenow", String(rounded(values[i], grain)));
      handle.setAttribute("aria-valuetext", touched[i] ? score(rounded(values[i], grain)) : `${score(rounded(values[i], grain))}, not set yet`);
    });
    hint.hidden = locked || isDrawn();
    limits.hidden = locked || !model.get("adjustable");
    lowest.value = String(low);
    highest.value = String(high);
    const within = model.get("within");
    const band = within > 0 ? `± ${score(within)}` : "no band";
    sureRow.hidden = locked;
    say(sureLabel, `I am ${Math.round(100 * model.get("claimed"))} % sure within`);
    sure.value = String(Math.round((within / span) * 2 * SURE_STEPS));
    sure.style.setProperty("--rml-fill", `${(100 * Number(sure.value)) / SURE_STEPS}%`);
    sure.setAttribute("aria-valuetext", band);
    say(sureWords, band);
    again.setAttribute("aria-disabled", String(!isDrawn()));
    const came = (model.get("actual").x ?? []).length > 0;
    legend.hidden = !came;
    legend.replaceChildren(
      ...[["expected", "expected"], ...(within > 0 ? [["band", `band, ± ${score(within)}`]] : []), ["actual", "what came"]].map(([kind, words]) => made("span", `rml-canvas-entry rml-canvas-entry-${kind}`, words)),
    );
  };
  const refresh = () => {
    const { low, span, grain } = axis();
    const kept = model.get("values");
    if (kept.length === points) {
      if (kept.some((value, i) => value !== values[i])) touched.fill(true); // drawn elsewhere, or before a reload
      values = [...kept];
    } else {
      values = new Array(points).fill(rounded(low + FLAT * span, grain));
      touched.fill(false);
    }
    tell();
    draw();
  };

  // -- a hand on it --------------------------------------------------------------------------------------------------
  // Points that nobody has set follow the nearest that somebody has: one stroke makes a whole curve.
  const set = (changes) => {
    const { low, high, grain } = axis();
    for (const [i, value] of changes) {
      values[i] = clamped(rounded(value, grain), low, high);
      touched[i] = true;
    }
    const known = touched.flatMap((is, i) => (is ? [i] : []));
    values = values.map((value, i) => (touched[i] ? value : values[known.reduce((best, j) => (Math.abs(j - i) < Math.abs(best - i) ? j : best))]));
    model.set("values", [...values]);
    tell();
    draw();
  };
  const place = (event) => {
    const box = frame.getBoundingClientRect();
    const { low, high, span } = axis();
    const share = (event.clientX - box.left - EDGE.left) / (width - EDGE.left - EDGE.right);
    const value = low + (span * (HEIGHT - EDGE.bottom - (event.clientY - box.top))) / (HEIGHT - EDGE.top - EDGE.bottom);
    return { share: clamped(share, 0, 1), value: clamped(value, low, high) };
  };
  const nearest = ({ share }) => Math.round(share * (points - 1));
  let stroke = null; // {last, first, passed}
  frame.addEventListener("pointerdown", (event) => {
    if (model.get("locked") || event.button !== 0) return;
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    const now = place(event);
    const first = nearest(now);
    stroke = { last: now, first, passed: new Set([first]) };
    handles[first].focus({ preventScroll: true });
    set([[first, now.value]]);
  });
  frame.addEventListener("pointermove", (event) => {
    if (!stroke) return;
    const [before, now] = [stroke.last, place(event)];
    stroke.last = now;
    const changes = [];
    if (stroke.passed.size === 1 && nearest(now) === stroke.first) {
      changes.push([stroke.first, now.value]); // up and down at one point
    } else {
      for (let i = 0; i < points; i++) {
        const [from, to] = [before.share, now.share].sort((a, b) => a - b);
        if (shareOf(i) < from || shareOf(i) > to || from === to) continue;
        const way = (shareOf(i) - before.share) / (now.share - before.share);
        changes.push([i, before.value + way * (now.value - before.value)]);
      }
      changes.forEach(([i]) => stroke.passed.add(i));
      if (nearest(now) !== stroke.first) stroke.passed.add(-1); // it has left its first point for good
    }
    if (changes.length) set(changes);
  });
  const lift = () => {
    if (!stroke) return;
    const end = nearest(stroke.last);
    if (!stroke.passed.has(end)) set([[end, stroke.last.value]]); // a stroke that ends just before a point means it
    stroke = null;
    model.save_changes();
  };
  frame.addEventListener("pointerup", lift);
  frame.addEventListener("pointercancel", lift);
  handles.forEach((handle, i) =>
    handle.addEventListener("keydown", (event) => {
      const { low, high, span, grain } = axis();
      const small = Math.max(grain, rounded(span / KEY_STEPS, grain));
      const large = Math.max(grain, rounded(span / PAGE_STEPS, grain));
      const moves = { ArrowUp: small, ArrowRight: small, ArrowDown: -small, ArrowLeft: -small, PageUp: large, PageDown: -large };
      const value = event.key === "Home" ? low : event.key === "End" ? high : event.key in moves ? values[i] + moves[event.key] : null;
      if (value === null) return;
      event.preventDefault();
      set([[i, value]]);
      model.save_changes();
    }),
  );
  sure.addEventListener("input", () => {
    const { span, grain } = axis();
    model.set("within", Math.max(0, rounded((Number(sure.value) / SURE_STEPS / 2) * span, grain)));
    tell();
    draw();
  });
  sure.addEventListener("change", () => model.save_changes());

  const watched = ["values", "within", "low", "high", "adjustable", "goal", "x_end", "x_unit", "y_title", "locked", "actual"];
  const follows = () => stroke || refresh(); // not under a hand that draws
  watched.forEach((name) => model.on(`change:${name}`, follows));
  const resized = new ResizeObserver(draw);
  resized.observe(frame);
  refresh();
  return () => {
    watched.forEach((name) => model.off(`change:${name}`, follows));
    resized.disconnect();
  };
};

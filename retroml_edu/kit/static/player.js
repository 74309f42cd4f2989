// Play, pause, step, speed, from the beginning. The next tick is asked for when the last one was shown.

const TICK_MS = 100;

export default {
  render({ model, el }) {
    el.classList.add("rml-player");
    el.setAttribute("role", "group");
    const names = ["playing", "position", "length", "rate", "unit"];
    let waiting = false;
    let asked = 0;
    let timer = 0;
    let sought = null; // where a slider was drawn to while Python was busy
    const ask = (message) => {
      waiting = true;
      asked = performance.now();
      model.send(message);
    };
    const tick = () => {
      clearTimeout(timer);
      if (!model.get("playing") || waiting || !el.isConnected) return;
      if (ended()) return play(false);
      ask({ action: "go", steps: model.get("rate") });
    };
    const ended = () => model.get("length") !== null && model.get("position") >= model.get("length");
    const play = (now) => {
      model.set("playing", now);
      model.save_changes();
      refresh();
      if (now) tick();
    };
    const shown = (message) => {
      if (message.kind !== "shown") return;
      waiting = false;
      if (sought !== null) {
        const position = sought;
        sought = null;
        ask({ action: "to", position });
      } else if (message.stopped && model.get("playing")) {
        play(false);
      } else if (model.get("playing")) {
        timer = setTimeout(tick, Math.max(0, asked + TICK_MS - performance.now()));
      }
      refresh();
    };
    const name = (node, title) => {
      node.title = title;
      node.setAttribute("aria-label", title);
    };
    const button = (text, title, work) => {
      const node = pressed(text, title, "rml-button rml-player-button", work);
      name(node, title);
      node.dataset.again = "true";
      return node;
    };
    const one = (by) => () => {
      if (model.get("playing")) play(false);
      if (!waiting) ask({ action: "go", steps: by });
    };
    const toggle = button("", "", () => {
      if (!model.get("playing") && ended()) ask({ action: "begin" }); // Python says when it is there, then it plays
      play(!model.get("playing"));
    });
    const restart = button("|◂", "From the beginning", () => {
      if (model.get("playing")) play(false);
      ask({ action: "begin" });
    });
    const before = button("◂ 1", "", one(-1));
    const next = button("1 ▸", "", one(1));
    const leap = button("", "", () => one(model.get("rate"))());
    before.hidden = !model.get("back");
    const id = `rml-${Math.random().toString(36).slice(2)}`;
    const speed = made("select", "rml-input rml-player-speed");
    speed.id = `${id}-speed`;
    for (const rate of model.get("rates")) {
      const option = made("option", "", `${whole(rate)}×`);
      option.value = String(rate);
      speed.append(option);
    }
    speed.addEventListener("change", () => {
      model.set("rate", Number(speed.value));
      model.save_changes();
      refresh();
    });
    const speedLabel = made("label", "rml-player-label", "Speed");
    speedLabel.htmlFor = speed.id;
    speed.hidden = speedLabel.hidden = model.get("rates").length === 1;
    const slider = made("input", "rml-slider rml-player-slider");
    Object.assign(slider, { type: "range", min: "0", step: "1" });
    slider.addEventListener("input", () => {
      if (model.get("playing")) play(false);
      const position = Number(slider.value);
      paint();
      if (waiting) sought = position;
      else ask({ action: "to", position });
    });
    const place = made("span", "rml-player-place");
    place.setAttribute("aria-live", "off");
    el.append(restart, before, toggle, next, leap, speedLabel, speed, slider, place);

    const paint = () => slider.style.setProperty("--rml-fill", `${(100 * Number(slider.value)) / Math.max(1, Number(slider.max))}%`);
    const refresh = () => {
      const [playing, position, length, rate, unit] = names.map((name) => model.get(name));
      el.setAttribute("aria-label", `Player, by ${unit}`);
      name(before, `Back one ${unit}`);
      name(next, `One ${unit}`);
      slider.setAttribute("aria-label", `Which ${unit}`);
      say(toggle, playing ? "❚❚ Pause" : "▶ Play");
      toggle.title = playing ? "Pause (space)" : "Play (space)";
      toggle.setAttribute("aria-label", playing ? "Pause" : "Play");
      toggle.classList.toggle("rml-primary", !playing);
      say(leap, `${whole(rate)} ▸`);
      name(leap, count(rate, unit));
      leap.hidden = rate === 1;
      speed.value = String(rate);
      slider.hidden = !(model.get("back") && length !== null);
      slider.max = String(length ?? 0);
      if (sought === null) slider.value = String(position);
      paint();
      before.setAttribute("aria-disabled", String(position === 0));
      const end = ended();
      next.setAttribute("aria-disabled", String(end));
      leap.setAttribute("aria-disabled", String(end));
      say(place, length === null ? `${unit} ${whole(position)}` : `${unit} ${whole(position)} of ${whole(length)}`);
    };
    // Space plays and pauses wherever the focus is in the player, except where it means something of its own.
    el.addEventListener("keydown", (event) => {
      if (event.key !== " " || event.target === speed || (event.target.closest("button") && event.target !== toggle)) return;
      event.preventDefault();
      toggle.click();
    });
    const follows = () => {
      refresh();
      if (model.get("playing")) tick();
    };
    for (const each of names) model.on(`change:${each}`, follows);
    model.on("msg:custom", shown);
    refresh();
    return () => {
      clearTimeout(timer);
      for (const each of names) model.off(`change:${each}`, follows);
      model.off("msg:custom", shown);
    };
  },
};

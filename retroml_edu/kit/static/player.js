// Play, pause, step, speed, from the beginning. The next tick is asked for when the last one was shown.
//
// There may be several views, also in other pages, and none of them is the one that plays: each asks for a tick that is
// due, and says from where. Python makes one tick of a position; who asked first is first the next time too, and where
// that view is gone the others go on.

const TICK_MS = 100;
const MOST_WAITING = 10; // presses, while Python is busy

export default {
  render({ model, el }) {
    el.classList.add("rml-player");
    el.setAttribute("role", "group");
    const id = `rml-${Math.random().toString(36).slice(2)}`;
    const names = ["playing", "position", "length", "rate", "unit"];
    let underway = null; // what Python was asked for and has not shown yet
    let queue = []; // what was pressed meanwhile, in its order
    let timer = 0;
    let due = 0; // when the next tick is
    const send = (message) => {
      underway = message;
      model.send({ ...message, view: id });
    };
    const ask = (message) => {
      // While a slider is drawn along its newest place counts, and nothing that comes before a new beginning.
      if (message.action === "begin") queue = [];
      if (message.action === "to" && queue.at(-1)?.action === "to") queue.pop();
      if (!underway) send(message);
      else if (message.action !== "go" || !isFull()) queue.push(message);
      refresh();
    };
    const isFull = () => queue.length >= MOST_WAITING;
    const isSought = () => [underway, ...queue].some((message) => message?.action === "to");
    const isEnd = (position) => model.get("length") !== null && position >= model.get("length");
    const play = (now) => {
      model.set("playing", now);
      model.save_changes();
    };
    const later = () => {
      clearTimeout(timer);
      timer = setTimeout(tick, Math.max(0, due - performance.now()));
    };
    const tick = () => {
      if (!model.get("playing") || underway) return;
      due = performance.now() + TICK_MS;
      if (!el.isConnected) return later(); // out of sight: JupyterLab takes such outputs from the page, and puts them back
      send({ action: "go", steps: model.get("rate"), from: model.get("position") });
    };
    const heard = (message) => {
      if (message.view === id) underway = null;
      else if (message.kind === "shown") due = performance.now() + TICK_MS; // another view plays, and is to go on with it
      if (underway) return;
      if (queue.length) send(queue.shift());
      else if (model.get("playing")) message.stopped || isEnd(message.position) ? play(false) : later();
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
      ask({ action: "go", steps: by });
    };
    const toggle = button("", "", () => {
      const now = !model.get("playing");
      if (now && isEnd(model.get("position"))) ask({ action: "begin" }); // Python says when it is there, then it plays
      play(now);
    });
    const restart = button("|◂", "From the beginning", () => {
      if (model.get("playing")) play(false);
      ask({ action: "begin" });
    });
    const before = button("◂ 1", "", one(-1));
    const next = button("1 ▸", "", one(1));
    const leap = button("", "", () => one(model.get("rate"))());
    before.hidden = !model.get("back");
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
      const position = Number(slider.value); // before it is paused, which brings the slider back to where it was
      if (model.get("playing")) play(false);
      ask({ action: "to", position });
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
      if (!isSought()) slider.value = String(position);
      paint();
      before.setAttribute("aria-disabled", String(position === 0 || isFull()));
      const end = isEnd(position) || isFull();
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
      if (model.get("playing")) later();
    };
    for (const each of names) model.on(`change:${each}`, refresh);
    model.on("change:playing", follows);
    model.on("msg:custom", heard);
    follows(); // a page that is loaded again goes on with what plays
    return () => {
      clearTimeout(timer);
      for (const each of names) model.off(`change:${each}`, refresh);
      model.off("change:playing", follows);
      model.off("msg:custom", heard);
    };
  },
};

// The run's videos: a row of moments and one player. A video's bytes are fetched when it is first looked at.

function render({ model, el }) {
  el.classList.add("rml-videos");
  const { body } = makeCard(el, "Videos");
  const screen = document.createElement("div");
  screen.className = "rml-screen";
  const player = document.createElement("video");
  player.controls = true;
  player.muted = true;
  player.preload = "auto"; // its first picture is there before anybody plays it
  player.playsInline = true;
  player.setAttribute("aria-label", "Video of the agent");
  const empty = document.createElement("div");
  empty.className = "rml-empty";
  screen.append(player, empty);
  const tabs = document.createElement("div");
  tabs.className = "rml-video-tabs";
  tabs.setAttribute("role", "group");
  tabs.setAttribute("aria-label", "Recorded videos");
  const caption = document.createElement("div");
  caption.className = "rml-caption";
  body.append(screen, tabs, caption);

  const urls = new Map();
  let chosen = null;
  let run = null;
  let byHand = false;

  // A video that plays makes the page paint all the time, on the cores that train; then the live picture moves anyway.
  // Nor does it start by itself where people want nothing to move.
  const still = () => el.closest(".rml-still") || matchMedia("(prefers-reduced-motion: reduce)").matches;
  const moves = () => byHand || !(model.get("under_way") || still());
  const play = (name) => {
    if (urls.has(name)) {
      if (player.src !== urls.get(name)) player.src = urls.get(name);
      if (moves()) player.play().catch(() => {});
    } else {
      model.send({ action: "fetch", name });
    }
  };
  const choose = (name) => {
    chosen = name;
    refresh();
    play(name);
  };
  const refresh = () => {
    const videos = model.get("videos");
    if (run !== model.get("run_id")) {
      run = model.get("run_id");
      for (const url of urls.values()) URL.revokeObjectURL(url);
      urls.clear();
      chosen = null;
      byHand = false;
      player.removeAttribute("src");
      player.load();
    }
    player.hidden = videos.length === 0;
    empty.hidden = videos.length > 0;
    empty.textContent = model.get("empty");
    const newest = videos.length ? videos[videos.length - 1].name : null;
    if (newest && chosen !== newest && !byHand) {
      chosen = newest;
      play(newest);
    }
    const focused = tabs.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    tabs.replaceChildren(
      ...videos.map((video) => {
        const tab = document.createElement("button");
        tab.type = "button";
        tab.className = "rml-chip";
        tab.textContent = video.label;
        tab.title = video.caption;
        tab.dataset.name = video.name;
        tab.setAttribute("aria-pressed", String(video.name === chosen));
        tab.addEventListener("click", () => {
          byHand = true;
          choose(video.name);
        });
        return tab;
      }),
    );
    if (focused) tabs.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    caption.textContent = videos.find((video) => video.name === chosen)?.caption ?? "";
  };
  const onMessage = (message, buffers) => {
    if (message.kind !== "video" || message.run_id !== run) return;
    urls.set(message.name, URL.createObjectURL(new Blob([buffers[0]], { type: "video/mp4" })));
    if (message.name === chosen) play(chosen);
  };
  // Who uses the player's own buttons has chosen what to watch.
  for (const touched of ["pointerdown", "keydown"]) player.addEventListener(touched, () => (byHand = true));
  const onEnd = () => {
    if (chosen && !byHand && !model.get("under_way")) play(chosen);
  };
  model.on("msg:custom", onMessage);
  model.on("change:under_way", onEnd);
  const watched = ["videos", "run_id", "empty"];
  watched.forEach((name) => model.on(`change:${name}`, refresh));
  refresh();
  return () => {
    model.off("msg:custom", onMessage);
    model.off("change:under_way", onEnd);
    watched.forEach((name) => model.off(`change:${name}`, refresh));
    for (const url of urls.values()) URL.revokeObjectURL(url);
  };
}

export default { render };

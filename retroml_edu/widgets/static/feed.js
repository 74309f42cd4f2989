// The live feed: JPEG frames as binary messages, some of them confirmed with the
// time that painting took, so that the page sets the pace.

// Style, layout and paint happen between a frame's callbacks and the next task: their time, without the wait for a frame.
const whenPainted = (then) => requestAnimationFrame(() => {
  const began = performance.now();
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    then(performance.now() - began);
  };
  port2.postMessage(null);
});

function render({ model, el }) {
  el.classList.add("rml-feed");
  const head = document.createElement("div");
  head.className = "rml-card-head";
  const title = document.createElement("h4");
  title.textContent = "Live";
  const choice = document.createElement("select");
  choice.className = "rml-input rml-small";
  choice.setAttribute("aria-label", "What the live feed shows");
  for (const [value, label] of model.get("modes")) {
    const option = document.createElement("option");
    option.value = value;
    option.textContent = label;
    choice.append(option);
  }
  head.append(title, choice);
  const screen = document.createElement("div");
  screen.className = "rml-screen";
  const image = document.createElement("img");
  image.alt = "The game as the agent plays it";
  const empty = document.createElement("div");
  empty.className = "rml-empty";
  screen.append(image, empty);
  const caption = document.createElement("div");
  caption.className = "rml-caption";
  el.append(head, screen, caption);

  let url = null;
  const paint = (bytes, after) => {
    const next = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    image.onerror = () => URL.revokeObjectURL(next);
    image.onload = () => {
      if (url) URL.revokeObjectURL(url);
      url = next;
      image.hidden = false;
      empty.hidden = true;
      after?.();
    };
    image.src = next;
  };
  let visible = true;
  let missed = null;
  const seen = () => visible && !document.hidden;
  const show = (message, bytes) => {
    const confirm = (took_ms) => model.send({ action: "painted", frame: message.frame, seen: true, took_ms });
    paint(bytes, () => {
      caption.textContent = message.caption; // with its picture: one layout for both
      if (message.confirm) whenPainted(confirm);
    });
  };
  const onMessage = (message, buffers) => {
    if (message.kind !== "frame") return;
    missed = seen() ? null : [{ ...message, confirm: false }, buffers[0]];
    if (!missed) show(message, buffers[0]);
    else if (message.confirm) model.send({ action: "painted", frame: message.frame, seen: false });
  };
  const catchUp = () => {
    if (!missed || !seen()) return;
    show(...missed);
    missed = null;
  };
  const watcher = new IntersectionObserver((entries) => {
    visible = entries.at(-1).isIntersecting;
    catchUp();
  });
  watcher.observe(screen);
  document.addEventListener("visibilitychange", catchUp);
  const refresh = () => {
    choice.value = model.get("mode");
    const poster = model.get("poster");
    if (poster?.byteLength) {
      paint(poster);
      caption.textContent = model.get("caption");
    } else {
      image.hidden = true;
      empty.hidden = false;
      caption.textContent = model.get("caption");
    }
    empty.textContent = model.get("mode") === "off" ? "The live feed is off." : "The game appears here while the agent learns.";
  };
  choice.addEventListener("change", () => {
    model.set("mode", choice.value);
    model.save_changes();
  });
  image.hidden = true;
  model.on("msg:custom", onMessage);
  const watched = ["mode", "poster", "caption"];
  watched.forEach((name) => model.on(`change:${name}`, refresh));
  refresh();
  return () => {
    model.off("msg:custom", onMessage);
    watcher.disconnect();
    document.removeEventListener("visibilitychange", catchUp);
    watched.forEach((name) => model.off(`change:${name}`, refresh));
    if (url) URL.revokeObjectURL(url);
  };
}

export default { render };

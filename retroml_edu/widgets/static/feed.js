// The live feed: reels of JPEG pictures as binary messages, some of them confirmed with the time that painting took, so
// that the page sets the pace. A worker decodes and paints each when it is due: the page itself, whose layout costs more
// than the picture, needs not be woken for it.

const LATEST_MS = 500; // by which a reel may wait for the one before: the kernel waits a second for a confirmation

// Returns show(bytes[], shown_ms, told): paints each for its time, the first after what is still to be seen, or at once
// if each is shown for ever (0); told(milliseconds) once the first is painted.
const screening = (canvas, latest_ms) => {
  const timers = new Set();
  let free = 0; // when the last picture will have been seen
  const paint = async (bytes) => {
    const began = performance.now();
    const picture = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
    if (canvas.width !== picture.width) canvas.width = picture.width;
    if (canvas.height !== picture.height) canvas.height = picture.height;
    canvas.getContext("bitmaprenderer").transferFromImageBitmap(picture);
    return performance.now() - began;
  };
  return (reel, shown_ms, told) => {
    const now = performance.now();
    const waits = shown_ms && free - now < latest_ms ? Math.max(0, free - now) : 0;
    if (!waits) {
      timers.forEach(clearTimeout);
      timers.clear();
    }
    reel.forEach((bytes, i) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        paint(bytes).then((took) => i || told(took), () => {}); // what cannot be decoded is left out
      }, waits + i * shown_ms);
      timers.add(timer);
    });
    free = now + waits + reel.length * shown_ms;
  };
};

const WORKER = `
const screening = ${screening};
let show;
self.onmessage = async ({ data }) => {
  if (data.canvas) show = screening(data.canvas, ${LATEST_MS});
  else show(data.reel, data.shown_ms, (took) => self.postMessage({ number: data.number, took }));
};`;

// Paints reels into the canvas that `place` is given; told(number, milliseconds) when one is begun.
const painter = (place, told) => {
  const make = () => {
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "The game as the agent plays it");
    place(canvas);
    return canvas;
  };
  const apart = () => {
    const url = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));
    const worker = new Worker(url);
    URL.revokeObjectURL(url);
    const canvas = make().transferControlToOffscreen();
    worker.postMessage({ canvas }, [canvas]);
    worker.onmessage = ({ data }) => told(data.number, data.took);
    return worker;
  };
  let worker = null;
  let paint = (number, reel, shown_ms) => worker.postMessage({ number, reel, shown_ms });
  const stayHere = () => {
    worker?.terminate();
    worker = null;
    const show = screening(make(), LATEST_MS);
    paint = (number, reel, shown_ms) => show(reel, shown_ms, (took) => told(number, took));
  };
  try {
    worker = apart();
    worker.onerror = stayHere; // a page may forbid workers, and says so only now
  } catch {
    stayHere();
  }
  const end = () => (worker ? worker.terminate() : paint(0, [], 0));
  return { paint: (...reel) => paint(...reel), end };
};

const make = (tag, name, text = "") => {
  const node = document.createElement(tag);
  node.className = name;
  node.textContent = text;
  return node;
};

// What stands under the picture: which game it is, its return so far, and what can be done with it. Returns the row,
// tell(standing) and forget().
const makeControls = (model) => {
  const row = make("div", "rml-feed-row");
  const game = make("span", "rml-feed-game");
  const points = make("strong", "rml-feed-return");
  points.setAttribute("aria-hidden", "true"); // a sign alone is not said by every screen reader: the words are
  const spoken = make("span", "rml-unseen");
  const standing = make("span", "rml-feed-standing");
  standing.append(game, " ", points, spoken);
  const button = (action, name, title) => {
    const made = make("button", "rml-button rml-small", name);
    made.type = "button";
    made.title = title;
    made.addEventListener("click", () => model.send({ action: action() }));
    return made;
  };
  const record = button(() => (model.get("filming") ? "stop" : "record"), "Record", "Film what is played here, a minute at most, into the run's videos");
  record.classList.add("rml-feed-record");
  const reset = button(() => "reset", "Reset", "Begin a new game here now; the training goes on as it is");
  const film = make("div", "rml-feed-film");
  const sign = make("span", "rml-feed-recording");
  sign.append(make("span", "rml-feed-dot"), make("span", "", "recording"));
  const said = make("span", "rml-feed-said");
  film.append(sign, said);
  row.append(standing, reset, record, film);

  const refresh = () => {
    const [offers, filming] = [model.get("offers"), model.get("filming")];
    record.hidden = !offers.includes("record") && !filming;
    reset.hidden = !offers.includes("reset");
    row.classList.toggle("rml-filming", filming);
    record.textContent = filming ? "Stop recording" : "Record";
    sign.hidden = !filming;
    // The time that runs is not read aloud each second; what became of the film is.
    said.setAttribute("role", filming ? "timer" : "status");
    said.textContent = model.get("filmed");
    film.hidden = !filming && !model.get("filmed");
  };
  const watched = ["offers", "filming", "filmed"].map((name) => `change:${name}`);
  watched.forEach((change) => model.on(change, refresh));
  refresh();
  return {
    row,
    tell: (now) => {
      standing.hidden = !now?.game;
      if (standing.hidden) return;
      game.textContent = now.game;
      points.textContent = now.return;
      spoken.textContent = now.spoken;
    },
    forget: () => watched.forEach((change) => model.off(change, refresh)),
  };
};

function render({ model, el }) {
  el.classList.add("rml-feed");
  const { head, body } = makeCard(el, "Live");
  const choice = document.createElement("select");
  choice.className = "rml-input rml-small";
  choice.setAttribute("aria-label", "What the live feed shows");
  for (const [value, label] of model.get("modes")) {
    const option = document.createElement("option");
    option.value = value;
    option.textContent = label;
    choice.append(option);
  }
  head.append(choice);
  const screen = document.createElement("div");
  screen.className = "rml-screen";
  const empty = document.createElement("div");
  empty.className = "rml-empty";
  screen.append(empty);
  const caption = document.createElement("div");
  caption.className = "rml-caption";
  const { row, tell, forget } = makeControls(model);
  body.append(screen, row, caption);

  let canvas = null;
  let asked = 0;
  let latest = null; // what was sent last to be painted, with what is to be said of it
  const place = (made) => {
    made.hidden = canvas?.hidden ?? true;
    canvas?.remove();
    canvas = made;
    screen.prepend(canvas);
  };
  const { paint, end } = painter(place, (number, took) => {
    if (!latest) return; // cleared meanwhile
    canvas.dataset.painted = number;
    canvas.hidden = false;
    empty.hidden = true;
    if (number === latest.number) latest.told?.(took);
  });
  const put = (reel, shown_ms, told) => {
    latest = { number: ++asked, told };
    paint(asked, reel, shown_ms);
  };
  let visible = true;
  let missed = null;
  const seen = () => visible && !document.hidden;
  const show = (message, reel) => put(reel, message.shown_ms, (took_ms) => {
    caption.textContent = message.caption;
    tell(message.standing);
    if (message.confirm) model.send({ action: "painted", frame: message.frame, seen: true, took_ms });
  });
  const onMessage = (message, reel) => {
    if (message.kind !== "frames" || model.get("mode") === "off") return;
    missed = seen() ? null : [{ ...message, confirm: false, shown_ms: 0 }, reel.slice(-1)];
    if (!missed) show(message, reel);
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
      put([poster], 0);
    } else {
      latest = null;
      canvas.hidden = true;
      empty.hidden = false;
    }
    caption.textContent = model.get("caption");
    tell(model.get("standing"));
    empty.textContent = model.get("mode") === "off" ? "The live feed is off." : model.get("empty");
  };
  choice.addEventListener("change", () => {
    model.set("mode", choice.value);
    model.save_changes();
  });
  model.on("msg:custom", onMessage);
  const renew = () => {
    missed = null; // it is of the run before, or before the last picture
    refresh();
  };
  model.on("change:mode", refresh);
  model.on("change:poster", renew);
  model.on("change:caption", renew);
  model.on("change:empty", refresh);
  refresh();
  return () => {
    model.off("msg:custom", onMessage);
    watcher.disconnect();
    document.removeEventListener("visibilitychange", catchUp);
    model.off("change:mode", refresh);
    model.off("change:poster", renew);
    model.off("change:caption", renew);
    model.off("change:empty", refresh);
    latest = null; // nothing more is said of what is painted
    forget();
    end();
  };
}

export default { render };

// The live feed: JPEG frames as binary messages, some of them confirmed with the time that painting took, so that the
// page sets the pace. A worker decodes and paints them: the page itself, whose layout costs more than the picture,
// needs not be drawn again for it.

const draw = async (canvas, bytes) => {
  const began = performance.now();
  const picture = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
  if (canvas.width !== picture.width) canvas.width = picture.width;
  if (canvas.height !== picture.height) canvas.height = picture.height;
  canvas.getContext("bitmaprenderer").transferFromImageBitmap(picture);
  return performance.now() - began;
};

const WORKER = `
const draw = ${draw};
let canvas;
self.onmessage = async ({ data }) => {
  if (data.canvas) canvas = data.canvas;
  else self.postMessage({ number: data.number, took: await draw(canvas, data.bytes).catch(() => null) });
};`;

// Paints pictures into the canvas that `place` is given; told(number, milliseconds) after each that could be painted.
const painter = (place, told) => {
  const make = () => {
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "The game as the agent plays it");
    place(canvas);
    return canvas;
  };
  const here = (canvas) => (bytes, number) => draw(canvas, bytes).then((took) => told(number, took), () => {});
  const apart = () => {
    const url = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));
    const worker = new Worker(url);
    URL.revokeObjectURL(url);
    const canvas = make().transferControlToOffscreen();
    worker.postMessage({ canvas }, [canvas]);
    worker.onmessage = ({ data }) => data.took !== null && told(data.number, data.took);
    return worker;
  };
  let worker = null;
  let paint = (bytes, number) => worker.postMessage({ bytes, number });
  const stayHere = () => {
    worker?.terminate();
    worker = null;
    paint = here(make());
  };
  try {
    worker = apart();
    worker.onerror = stayHere; // a page may forbid workers, and says so only now
  } catch {
    stayHere();
  }
  return { paint: (bytes, number) => paint(bytes, number), end: () => worker?.terminate() };
};

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
  const empty = document.createElement("div");
  empty.className = "rml-empty";
  screen.append(empty);
  const caption = document.createElement("div");
  caption.className = "rml-caption";
  el.append(head, screen, caption);

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
    if (number === latest?.number) latest.told?.(took);
  });
  const put = (bytes, told) => {
    latest = { number: ++asked, told };
    paint(bytes, asked);
  };
  let visible = true;
  let missed = null;
  const seen = () => visible && !document.hidden;
  const show = (message, bytes) => {
    // The words change with every fourth picture: for them the page has to be laid out.
    if (!message.confirm && !message.late) return put(bytes);
    put(bytes, (took_ms) => {
      caption.textContent = message.caption;
      if (message.confirm) model.send({ action: "painted", frame: message.frame, seen: true, took_ms });
    });
  };
  const onMessage = (message, buffers) => {
    if (message.kind !== "frame") return;
    missed = seen() ? null : [{ ...message, confirm: false, late: true }, buffers[0]];
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
      put(poster);
      caption.textContent = model.get("caption");
    } else {
      latest = null;
      canvas.hidden = true;
      empty.hidden = false;
      caption.textContent = model.get("caption");
    }
    empty.textContent = model.get("mode") === "off" ? "The live feed is off." : "The game appears here while the agent learns.";
  };
  choice.addEventListener("change", () => {
    model.set("mode", choice.value);
    model.save_changes();
  });
  model.on("msg:custom", onMessage);
  const watched = ["mode", "poster", "caption"];
  watched.forEach((name) => model.on(`change:${name}`, refresh));
  refresh();
  return () => {
    model.off("msg:custom", onMessage);
    watcher.disconnect();
    document.removeEventListener("visibilitychange", catchUp);
    watched.forEach((name) => model.off(`change:${name}`, refresh));
    end();
  };
}

export default { render };

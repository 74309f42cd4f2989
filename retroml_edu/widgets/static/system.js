// Processor, memory and GPU, every few seconds while somebody can see them: asked for, unless a run brings them along.

const EVERY_MS = 3500;
const STILL_HERE_MS = 30000; // who is told without asking says so again
const AGAIN_MS = 1000; // while the first shares are measured

const gib = (bytes) => (bytes / 2 ** 30).toFixed(1);
const percent = (share) => `${Math.round(100 * share)} %`;
const cores = (number) => `${number.toLocaleString("en-US", { maximumFractionDigits: 1 })} core${number === 1 ? "" : "s"}`;
const within = (limited) => (limited ? " (limited)" : "");
const LIMITED = "That is the limit of the container, or of the scheduler, in which this kernel runs: the machine has more.";

function render({ model, el }) {
  el.classList.add("rml-system");
  const { body } = makeCard(el, "System");

  const makeMeter = (label) => {
    const row = document.createElement("div");
    row.className = "rml-meter-row";
    const name = document.createElement("span");
    name.textContent = label;
    const words = document.createElement("span");
    words.className = "rml-meter-words";
    words.textContent = "–";
    const meter = document.createElement("div");
    meter.className = "rml-meter";
    meter.setAttribute("role", "meter");
    meter.setAttribute("aria-label", label);
    meter.setAttribute("aria-valuemin", "0");
    meter.setAttribute("aria-valuemax", "100");
    meter.setAttribute("aria-valuenow", "0");
    meter.setAttribute("aria-valuetext", "not measured yet");
    const fill = document.createElement("div");
    meter.append(fill);
    row.append(name, words, meter);
    body.append(row);
    return (share, text, explained) => {
      const rounded = Math.round(100 * share);
      row.title = explained;
      if (words.textContent === text) return;
      words.textContent = text;
      meter.setAttribute("aria-valuenow", String(rounded));
      meter.setAttribute("aria-valuetext", text);
      fill.style.width = `${rounded}%`;
    };
  };
  const cpu = makeMeter("Processor");
  const memory = makeMeter("Memory");
  const gpu = makeMeter("GPU");
  gpu(0, "none in use", "Without a GPU, networks are trained on the processor.");

  const onMessage = (message) => {
    if (message.kind !== "usage") return;
    told = performance.now();
    const { cores_limited: few, memory_limited: little } = message;
    if (message.cpu === null) {
      cpu(0, "measuring …", "A share is that of some time: it is told in a second.");
      clearTimeout(again);
      again = setTimeout(ask, AGAIN_MS);
    } else {
      const ours = `This kernel and its workers take ${percent(message.cpu_here)}.`;
      cpu(message.cpu, `${percent(message.cpu)} of ${cores(message.cores)}${within(few)}`, few ? `${ours} ${LIMITED}` : ours);
    }
    const kept = `This kernel and its workers take ${gib(message.memory_here_bytes)} GiB.`;
    memory(
      message.memory_bytes / message.memory_total_bytes,
      `${gib(message.memory_bytes)} of ${gib(message.memory_total_bytes)} GiB${within(little)}`,
      little ? `${kept} ${LIMITED}` : kept,
    );
    if (message.gpu) {
      const { name, memory_bytes: used, memory_total_bytes: total } = message.gpu;
      gpu(used / total, `${gib(used)} of ${gib(total)} GiB`, name);
    }
  };
  let again = 0;
  let asked = 0;
  let told = 0;
  let visible = false;
  const ask = () => {
    if (!visible || document.hidden) return;
    asked = performance.now();
    model.send({ action: "look" });
  };
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - told >= EVERY_MS || now - asked >= STILL_HERE_MS) ask();
  }, EVERY_MS);
  const watcher = new IntersectionObserver((entries) => {
    const before = visible;
    visible = entries.at(-1).isIntersecting;
    if (visible && !before) ask();
  });
  watcher.observe(el);
  model.on("msg:custom", onMessage);
  return () => {
    clearInterval(timer);
    clearTimeout(again);
    watcher.disconnect();
    model.off("msg:custom", onMessage);
  };
}

export default { render };

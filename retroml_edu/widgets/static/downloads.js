// Downloads: asks Python for the bytes and hands them to the browser as a file.

function render({ model, el }) {
  el.classList.add("rml-downloads");
  const label = document.createElement("span");
  label.className = "rml-downloads-label";
  label.textContent = "Download";
  const status = document.createElement("span");
  status.className = "rml-caption";
  status.setAttribute("role", "status");
  let awaited = null;
  const buttons = model.get("exports").map(([what, text]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "rml-button rml-small";
    button.textContent = what.toUpperCase();
    button.title = text;
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      status.textContent = `Making the ${what.toUpperCase()} …`;
      // Answers reach every view of the panel; only the one that asked takes the file.
      awaited = crypto.randomUUID?.() ?? String(Math.random());
      model.send({ action: "export", what, token: awaited });
    });
    return button;
  });
  const where = document.createElement("div");
  where.className = "rml-caption rml-where";
  el.append(label, ...buttons, status, where);
  const refresh = () => {
    buttons.forEach((button) => button.setAttribute("aria-disabled", String(!model.get("ready"))));
    where.textContent = model.get("where");
  };
  const moved = () => {
    status.textContent = ""; // what it says is of the run before
    refresh();
  };
  const onMessage = (message, buffers) => {
    if (message.token !== awaited) return;
    if (message.kind === "problem") {
      status.textContent = `✕ ${message.text}`;
      return;
    }
    if (message.kind !== "file") return;
    const url = URL.createObjectURL(new Blob([buffers[0]], { type: message.mime }));
    const link = document.createElement("a");
    link.href = url;
    link.download = message.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
    status.textContent = `${message.name} saved`;
  };
  model.on("change:ready", refresh);
  model.on("change:where", moved);
  model.on("msg:custom", onMessage);
  refresh();
  return () => {
    model.off("change:ready", refresh);
    model.off("change:where", moved);
    model.off("msg:custom", onMessage);
  };
}

export default { render };

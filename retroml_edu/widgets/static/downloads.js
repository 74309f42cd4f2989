// Downloads: asks Python for the bytes and hands them to the browser as a file.

function render({ model, el }) {
  el.classList.add("rml-downloads");
  const status = document.createElement("span");
  status.className = "rml-caption";
  status.setAttribute("role", "status");
  let awaited = null;
  const buttons = [];
  const makeRow = (title, action, forms) => {
    const row = document.createElement("div");
    row.className = "rml-downloads-row";
    const label = document.createElement("span");
    label.className = "rml-downloads-label";
    label.textContent = title;
    row.append(label);
    for (const [what, text] of forms) {
      const button = document.createElement("button");
      const form = what === "text" ? "Text" : what.toUpperCase();
      button.type = "button";
      button.className = "rml-button rml-small";
      button.textContent = form;
      button.title = text;
      // Of two buttons that say HTML, a screen reader says which is which.
      if (action === "report") button.setAttribute("aria-label", `${form} report`);
      button.addEventListener("click", () => {
        if (button.getAttribute("aria-disabled") === "true") return;
        status.textContent = `Making the ${button.getAttribute("aria-label") ?? form} …`;
        // Answers reach every view of the panel; only the one that asked takes the file.
        awaited = crypto.randomUUID?.() ?? String(Math.random());
        model.send({ action, what, token: awaited });
      });
      buttons.push(button);
      row.append(button);
    }
    el.append(row);
  };
  makeRow("Download", "export", model.get("exports"));
  makeRow("Report", "report", model.get("reports"));
  const where = document.createElement("div");
  where.className = "rml-caption rml-where";
  el.append(status, where);
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
    status.textContent = saveFile(message, buffers);
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

// Save settings, Load settings: the form's content to and from a file on the person's computer.

function render({ model, el }) {
  el.classList.add("rml-settings-file");
  const make = (text, title) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "rml-button rml-small";
    button.textContent = text;
    button.title = title;
    return button;
  };
  const save = make("Save settings", "Download these settings as a file that can be edited, sent and loaded again");
  const load = make("Load settings", "Fill the form in from a file of settings (YAML or JSON)");
  const picker = document.createElement("input");
  picker.type = "file";
  picker.accept = model.get("suffixes").join(",");
  picker.hidden = true; // the button stands for it, for the keyboard and for screen readers
  const status = document.createElement("span");
  status.className = "rml-caption";
  status.setAttribute("role", "status");
  el.append(save, load, picker, status);

  // Answers reach every view of the panel; only the one that asked takes them.
  let awaited = null;
  const ask = (message, buffers) => {
    awaited = crypto.randomUUID?.() ?? String(Math.random());
    model.send({ ...message, token: awaited }, undefined, buffers);
  };
  save.addEventListener("click", () => ask({ action: "save" }));
  load.addEventListener("click", () => picker.click());
  picker.addEventListener("change", async () => {
    const file = picker.files[0];
    picker.value = ""; // so that the same file can be chosen again once it is mended
    if (!file) return;
    if (file.size > model.get("max_bytes")) {
      status.textContent = `✕ ${file.name} is larger than ${Math.round(model.get("max_bytes") / 1024)} KB: no file of settings is.`;
      return;
    }
    status.textContent = `Reading ${file.name} …`;
    try {
      ask({ action: "load", name: file.name }, [await file.arrayBuffer()]);
    } catch (error) {
      status.textContent = `✕ ${file.name} cannot be read: ${error.message}`;
    }
  });

  const onMessage = (message, buffers) => {
    if (message.token !== awaited) return;
    if (message.kind === "said") {
      status.textContent = message.text;
      return;
    }
    if (message.kind !== "file") return;
    status.textContent = saveFile(message, buffers);
  };
  model.on("msg:custom", onMessage);
  return () => model.off("msg:custom", onMessage);
}

export default { render };

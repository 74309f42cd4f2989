// Buttons that ask Python for a file and hand it to the browser.

export default {
  render({ model, el }) {
    el.classList.add("rml-save");
    const status = made("span", "rml-caption");
    status.setAttribute("role", "status");
    const awaited = new Map(); // what is being made, by token: answers reach every view, and only who asked takes them
    let buttons = [];
    const ask = (what) => {
      if ([...awaited.values()].includes(what)) return;
      const token = crypto.randomUUID?.() ?? String(Math.random());
      awaited.set(token, what);
      say(status, "Making it …");
      offer();
      model.send({ action: "file", what, token });
    };
    const offer = () => {
      const made = [...awaited.values()];
      buttons.forEach((button) => button.setAttribute("aria-disabled", String(made.includes(button.dataset.what))));
    };
    const refresh = () => {
      buttons = model.get("files").map(([what, words]) => {
        const button = pressed(words, "", "rml-button rml-small", () => ask(what));
        button.dataset.what = what;
        return button;
      });
      el.replaceChildren(...buttons, status);
      offer();
    };
    const onMessage = (message, buffers) => {
      if (!awaited.delete(message.token)) return;
      const saved = message.kind === "file" ? saveFile(message, buffers) : "";
      say(status, awaited.size ? "Making it …" : saved);
      offer();
    };
    model.on("change:files", refresh);
    model.on("msg:custom", onMessage);
    refresh();
    return () => {
      model.off("change:files", refresh);
      model.off("msg:custom", onMessage);
    };
  },
};

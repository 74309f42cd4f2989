// Buttons that ask Python for a file and hand it to the browser.

export default {
  render({ model, el }) {
    el.classList.add("rml-save");
    const status = made("span", "rml-caption");
    status.setAttribute("role", "status");
    let awaited = null;
    const ask = (what) => {
      // Answers reach every view; only the one that asked takes the file.
      awaited = crypto.randomUUID?.() ?? String(Math.random());
      say(status, "Making it …");
      model.send({ action: "file", what, token: awaited });
    };
    const refresh = () => {
      const buttons = model.get("files").map(([what, words]) => pressed(words, "", "rml-button rml-small", () => ask(what)));
      el.replaceChildren(...buttons, status);
    };
    const onMessage = (message, buffers) => {
      if (message.token !== awaited) return;
      awaited = null;
      say(status, message.kind === "file" ? saveFile(message, buffers) : "");
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

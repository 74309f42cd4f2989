// A heading and sentences under it.

export default {
  render({ model, el }) {
    el.classList.add("rml-text-card");
    const heading = made("h4");
    const body = made("div", "rml-text-body");
    el.append(heading, body);
    const refresh = () => {
      say(heading, model.get("heading"));
      heading.hidden = !model.get("heading");
      const sentences = model.get("sentences");
      if (!model.get("listed")) return markedParagraphs(body, sentences.join("\n\n"), "rml-text");
      const list = made("ul", "rml-text-list");
      list.append(...sentences.map((text) => marked(made("li"), text)));
      body.replaceChildren(...(sentences.length ? [list] : []));
    };
    const names = ["heading", "sentences", "listed"];
    for (const name of names) model.on(`change:${name}`, refresh);
    refresh();
    return () => names.forEach((name) => model.off(`change:${name}`, refresh));
  },
};

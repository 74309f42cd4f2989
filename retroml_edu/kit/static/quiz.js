// A question and its answer.

export default { render: ({ model, el }) => { el.classList.add("rml-quiz"); markedParagraphs(el, model.get("question"), "rml-text"); } };

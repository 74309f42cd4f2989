// One line of what is going on, and under it what went wrong.

export default {
  render({ model, el }) {
    el.classList.add("rml-kit-status");
    const text = made("p", "rml-kit-told");
    text.setAttribute("role", "status");
    const problem = made("div", "rml-problem rml-error");
    problem.setAttribute("role", "alert");
    const sentence = made("div");
    const details = made("details");
    const trace = made("pre");
    details.append(made("summary", "", "Details"), trace);
    problem.append(sentence, details);
    el.append(text, problem);
    const refresh = () => {
      say(text, model.get("text"));
      text.hidden = !model.get("text");
      problem.hidden = !model.get("problem");
      say(sentence, model.get("problem") && `! ${model.get("problem")}`);
      details.hidden = !model.get("detail");
      say(trace, model.get("detail"));
    };
    const names = ["text", "problem", "detail"];
    for (const name of names) model.on(`change:${name}`, refresh);
    refresh();
    return () => names.forEach((name) => model.off(`change:${name}`, refresh));
  },
};

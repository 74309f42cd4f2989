// What came of trying a student's function.

export default {
  render({ model, el }) {
    el.classList.add("rml-exercise");
    const refresh = () => {
      const [passed, cases] = [model.get("passed"), model.get("cases")];
      const right = passed === cases;
      el.dataset.verdict = right ? "right" : "wrong";
      const head = made("p", "rml-verdict");
      const sign = made("span", "rml-verdict-sign", right ? "✓" : "○");
      sign.setAttribute("aria-hidden", "true");
      const name = `\`${model.get("name")}\``;
      const words = marked(made("span"), right ? `${name} is right. It passes ${cases === 1 ? "its one case" : `all ${cases} cases`}.` : `${name} is not right yet. It passes ${passed} of ${count(cases, "case")}.`);
      head.append(sign, words);
      const nodes = [head];
      if (model.get("told")) nodes.push(marked(made("p", "rml-verdict-told"), model.get("told")));
      if (model.get("hint")) {
        const hint = made("p", "rml-hint");
        hint.append(made("strong", "", "Hint "), marked(made("span"), model.get("hint")));
        nodes.push(hint);
      }
      el.replaceChildren(...nodes);
    };
    refresh();
  },
};

// What came of trying a student's function.

export default {
  render({ model, el }) {
    el.classList.add("rml-exercise");
    const refresh = () => {
      const [passed, cases, written] = [model.get("passed"), model.get("cases"), model.get("written")];
      const right = passed === cases;
      el.dataset.verdict = right ? "right" : written ? "wrong" : "open";
      const head = made("p", "rml-verdict");
      const sign = made("span", "rml-verdict-sign", right ? "✓" : written ? "○" : "✎");
      sign.setAttribute("aria-hidden", "true");
      const name = `\`${model.get("name")}\``;
      const passes = cases === 1 ? "its one case" : `all ${cases} cases`;
      const verdict = right ? `is right. It passes ${passes}.` : written ? `is not right yet. It passes ${passed} of ${count(cases, "case")}.` : "is not written yet.";
      const words = marked(made("span"), `${name} ${verdict}`);
      head.append(sign, words);
      const nodes = [head];
      if (written && model.get("told")) nodes.push(marked(made("p", "rml-verdict-told"), model.get("told")));
      if (model.get("hint")) {
        const hint = made("p", "rml-hint");
        hint.append(made("strong", "", written ? "Hint " : "To do "), marked(made("span"), model.get("hint")));
        nodes.push(hint);
      }
      el.replaceChildren(...nodes);
    };
    refresh();
  },
};

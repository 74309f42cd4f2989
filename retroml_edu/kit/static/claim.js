// A claim, whether it holds, and the figures that say so.

const SIGNS = { holds: "✓", "does not hold": "✗", "not contradicted": "○", "not judged": "○" };

export default {
  render({ model, el }) {
    el.classList.add("rml-claim");
    el.dataset.verdict = model.get("verdict");
    const head = made("p", "rml-claim-verdict");
    const sign = made("span", "rml-claim-sign", SIGNS[model.get("verdict")]);
    sign.setAttribute("aria-hidden", "true");
    head.append(sign, made("span", "", model.get("verdict")));
    const facts = made("dl", "rml-claim-facts");
    for (const [name, value] of model.get("facts")) {
      const pair = made("div");
      pair.append(made("dt", "", name), made("dd", "", value));
      facts.append(pair);
    }
    el.append(made("p", "rml-claim-text", model.get("text")), head, facts);
  },
};

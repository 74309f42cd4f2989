// What the curves mean. Each insight opens: its evidence, the reason, how sure it is, and what to try.
// The window of an opened one is marked in the chart; the mouse or the keyboard on another one shows that for a moment.

const SIGNS = { warning: ["!", "Warning"], note: ["i", "Note"], good: ["✓", "Good"] };
const HOVER_MS = 120; // a mouse on its way elsewhere marks nothing

// Which insight is marked in the chart: the one that was opened last, or the one that is being looked at.
const makeMarker = (el, told) => {
  let opened = null;
  let looked = null;
  let timer = 0;
  let sent = "";
  const send = (show) => {
    const mark = told(looked ?? opened)?.mark ?? null;
    const words = JSON.stringify(mark);
    if (words === sent && !show) return;
    sent = words;
    el.dispatchEvent(new CustomEvent("rml-mark", { bubbles: true, detail: { mark, show } }));
  };
  return {
    open: (rule) => {
      opened = rule;
      send(false);
    },
    // Returns whether it was marked.
    close: (rule) => {
      const was = opened === rule;
      clearTimeout(timer);
      if (was) opened = null;
      looked = null; // closed under the mouse, it is not shown again until the mouse comes back
      send(false);
      return was;
    },
    look: (rule, wait) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        looked = rule;
        send(false);
      }, wait);
    },
    show: () => send(true),
    refresh: () => send(false), // the window may have moved, or be gone
    stop: () => clearTimeout(timer),
  };
};

const makeInsight = (rule, { el, model, marker, announce, closed }) => {
  const details = made("details", "rml-insight");
  details.dataset.rule = rule;
  const summary = made("summary", "rml-insight-title");
  const sign = made("span", "rml-sign");
  sign.setAttribute("role", "img");
  const title = made("span", "");
  summary.append(sign, title);
  const [evidence, why, sure] = ["evidence", "why", "sure"].map((part) => made("p", `rml-insight-${part}`));
  const place = made("p", "rml-insight-place");
  const where = made("span", "");
  const show = made("button", "rml-link", "Show");
  show.type = "button";
  show.title = "Scroll to the chart";
  show.addEventListener("click", () => marker.show());
  place.append(where, " ", show);
  const lesson = made("a", "rml-insight-lesson");
  const remedy = made("button", "rml-button rml-small");
  remedy.type = "button";
  remedy.title = "Puts these settings into the form, for a run of its own; this run stays as it is";
  remedy.addEventListener("click", () => model.send({ action: "try", rule }));
  const changes = made("p", "rml-insight-changes");
  // The form may be out of sight: what a press has done is told here.
  const taken = made("p", "rml-insight-taken");
  const there = made("button", "rml-link", "Show the settings");
  there.type = "button";
  there.addEventListener("click", () => el.closest(".rml-panel").querySelector(".rml-settings").scrollIntoView({ block: "start" }));
  taken.append("✓ In the settings now. Press Train to run it. ", there);
  taken.hidden = true;
  // Judgements at a threshold come and go: what is being read stays.
  const past = made("p", "rml-insight-past", "The curves no longer say this. It stays here until you close it.");
  details.append(summary, past, evidence, place, why, sure, lesson, remedy, changes, taken);

  details.addEventListener("toggle", () => {
    if (details.open) {
      marker.open(rule);
      announce(where.textContent);
    } else if (marker.close(rule)) {
      announce("Nothing is marked in the chart any more.");
    }
    if (!details.open && !past.hidden) closed(rule);
  });
  details.addEventListener("pointerenter", ({ pointerType }) => pointerType === "mouse" && marker.look(rule, HOVER_MS));
  details.addEventListener("pointerleave", () => marker.look(null, 0));
  summary.addEventListener("focus", () => summary.matches(":focus-visible") && marker.look(rule, 0));
  summary.addEventListener("blur", () => marker.look(null, 0));
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    summary.focus();
  });

  const expire = () => {
    past.hidden = false;
    remedy.hidden = true;
    changes.hidden = true;
    taken.hidden = true;
  };
  const take = () => {
    taken.hidden = false;
    announce("In the settings now. Press Train to run it.");
  };
  const update = (insight) => {
    past.hidden = true;
    const [mark, word] = SIGNS[insight.severity] ?? SIGNS.note;
    details.dataset.severity = insight.severity;
    say(sign, mark);
    sign.setAttribute("aria-label", word);
    sign.title = word;
    say(title, insight.title);
    say(evidence, insight.evidence);
    say(where, insight.where);
    say(why, insight.why);
    say(sure, insight.sure);
    sure.hidden = !insight.sure;
    fillLessonLink(lesson, insight.lesson);
    remedy.hidden = !insight.remedy;
    say(remedy, insight.remedy);
    changes.hidden = !insight.changes;
    if (changes.textContent !== insight.changes) taken.hidden = true; // something else is proposed by now
    say(changes, insight.changes);
  };
  return { details, update, expire, take };
};

function render({ model, el }) {
  el.classList.add("rml-insights");
  const { body, fold } = makeCard(el, "Insights");
  const empty = made("p", "rml-insights-empty");
  const list = made("div", "rml-insights-list");
  const status = made("p", "rml-unseen");
  status.setAttribute("role", "status");
  body.append(empty, list, status);

  const parts = new Map();
  let run = model.get("run");
  const marker = makeMarker(el, (rule) => parts.get(rule)?.insight);
  const drop = (rule) => {
    const { details } = parts.get(rule);
    const focused = details.contains(document.activeElement);
    details.remove();
    parts.delete(rule);
    if (focused) (list.querySelector("summary") ?? fold).focus(); // the keyboard goes on from here
    marker.close(rule);
    empty.hidden = parts.size > 0;
  };
  const context = { el, model, marker, announce: (words) => say(status, words), closed: drop };
  const refresh = () => {
    const insights = model.get("insights");
    const another = run !== model.get("run");
    run = model.get("run");
    say(empty, model.get("empty"));
    const now = new Set(insights.map(({ rule }) => rule));
    for (const [rule, part] of parts) {
      if (now.has(rule)) continue;
      if (part.details.open && !another) part.expire();
      else drop(rule);
    }
    insights.forEach((insight, i) => {
      if (!parts.has(insight.rule)) parts.set(insight.rule, makeInsight(insight.rule, context));
      const part = parts.get(insight.rule);
      part.insight = insight;
      part.update(insight);
      // Moved only where the order has changed: what is open or has the focus stays so.
      if (list.children[i] !== part.details) list.insertBefore(part.details, list.children[i] ?? null);
    });
    empty.hidden = parts.size > 0;
    marker.refresh();
  };
  const told = ({ kind, rule }) => kind === "taken" && parts.get(rule)?.take();
  model.on("msg:custom", told);
  model.on("change:insights", refresh);
  model.on("change:run", refresh);
  model.on("change:empty", refresh);
  refresh();
  return () => {
    model.off("msg:custom", told);
    model.off("change:insights", refresh);
    model.off("change:run", refresh);
    model.off("change:empty", refresh);
    marker.stop();
  };
}

export default { render };

// The help: a search that answers as one types, the topics by group, and the topic that is read.

// What the help is asked about where F1 is pressed.
const topicAt = (node) => {
  const field = node?.closest("[data-field]");
  if (field) return `${field.closest(".rml-preferences") ? "preference" : "setting"}:${field.dataset.field}`;
  const figure = node?.closest("[data-figure]");
  if (figure) return `figure:${figure.dataset.figure}`;
  const insight = node?.closest("[data-rule]");
  if (insight) return `insight:${insight.dataset.rule}`;
  const card = node?.closest(".rml-card")?.querySelector(".rml-fold");
  if (card) return `part:${card.textContent}`;
  const parts = [[".rml-cmp", "part:Compare"], [".rml-mod", "part:Models"], [".rml-gal", "part:Videos"], [".rml-xp", "part:Experiments"], [".rml-preferences", "part:Settings"], [".rml-runbar", "part:Train, Pause, Stop"]];
  return parts.find(([selector]) => node?.closest(selector))?.[1] ?? "start";
};

function render({ model, el }) {
  el.classList.add("rml-help");
  const id = `rml-help-${Math.random().toString(36).slice(2)}`;
  const search = build("input", "rml-input rml-help-search");
  search.type = "search";
  search.placeholder = "Search the help";
  search.setAttribute("aria-label", "Search the help");
  search.setAttribute("aria-describedby", `${id}-count`);
  search.spellcheck = false;
  const count = build("p", "rml-caption rml-help-count");
  count.id = `${id}-count`;
  count.setAttribute("role", "status");
  const list = build("nav", "rml-help-list");
  list.setAttribute("aria-label", "Topics of the help");
  const article = build("article", "rml-help-article");
  const tutorial = build("button", "rml-button rml-small rml-help-tutorial");
  tutorial.type = "button";
  tutorial.addEventListener("click", () => el.dispatchEvent(new CustomEvent("rml-tutorial", { bubbles: true })));
  el.append(build("div", "rml-help-side", search, count, list, tutorial), article);

  let topics = new Map();
  let find = searchOf([]);
  let shown = null;
  let wanted = null;
  const past = [];
  const opened = new Set(["Start here"]);

  const entry = (topic, tokens, snippet) => {
    const button = build("button", "rml-help-entry", build("span", "rml-help-title", ...marked(topic.title, tokens)));
    button.type = "button";
    button.dataset.topic = topic.id;
    if (snippet !== undefined) {
      button.append(build("span", "rml-help-group", topic.group), build("span", "rml-help-snippet", ...marked(snippet, tokens)));
    }
    button.addEventListener("click", (event) => show(topic.id, { focus: event.detail === 0 }));
    return button;
  };
  const mark = () => {
    for (const button of list.querySelectorAll("[data-topic]")) {
      if (button.dataset.topic === shown) button.setAttribute("aria-current", "page");
      else button.removeAttribute("aria-current");
    }
  };
  const grouped = () => {
    const groups = new Map();
    for (const topic of topics.values()) groups.set(topic.group, [...(groups.get(topic.group) ?? []), topic]);
    return [...groups].map(([group, members]) => {
      const details = build("details", "rml-help-group-of", build("summary", "", `${group} (${members.length})`), ...members.map((topic) => entry(topic, [])));
      details.open = opened.has(group);
      details.addEventListener("toggle", () => (details.open ? opened.add(group) : opened.delete(group)));
      return details;
    });
  };
  const look = () => {
    const { tokens, found, whole } = find(search.value);
    const asked = tokens.length > 0;
    list.replaceChildren(...(asked ? found.map(({ topic, snippet }) => entry(topic, tokens, snippet)) : grouped()));
    const number = `${found.length.toLocaleString("en-US")} ${found.length === 1 ? "topic" : "topics"}`;
    if (!topics.size) count.textContent = "The topics are on their way…";
    else if (!asked) count.textContent = `${topics.size} topics. Press / to search, F1 anywhere for help on what has the focus.`;
    else if (!found.length) count.textContent = "Nothing found. Try one word, or its beginning.";
    else count.textContent = whole ? `${number} found` : `No topic has all these words; ${number} come near`;
    mark();
    return tokens;
  };
  const link = (topic) => {
    const button = build("button", "rml-link", topic.title);
    button.type = "button";
    button.addEventListener("click", () => show(topic.id, { focus: true }));
    return button;
  };
  const draw = (tokens) => {
    const topic = topics.get(shown);
    if (!topic) return;
    const heading = build("h3", "rml-help-heading", ...marked(topic.title, tokens));
    heading.id = `${id}-heading`;
    heading.tabIndex = -1;
    article.setAttribute("aria-labelledby", heading.id);
    const above = build("div", "rml-help-above", build("span", "rml-caption", topic.group));
    if (past.length) {
      const back = build("button", "rml-link rml-help-back", "Back");
      back.type = "button";
      back.dataset.again = "";
      back.title = `Back to: ${topics.get(past.at(-1)).title}`;
      back.addEventListener("click", () => show(past.pop(), { focus: true, remember: false }));
      above.append(back);
    }
    const further = topic.see.map((other) => topics.get(other)).filter(Boolean);
    const see = further.length ? [build("p", "rml-help-see", build("strong", "", "See also:"), ...further.map(link))] : [];
    article.replaceChildren(above, heading, ...elementsOf(topic, tokens), ...see);
  };
  const show = (topic, { focus = false, remember = true } = {}) => {
    if (!topics.has(topic)) return;
    if (remember && shown && shown !== topic) past.push(shown);
    shown = topic;
    draw(wordsOf(search.value));
    mark();
    const heading = article.querySelector("h3");
    if (focus) heading.focus({ preventScroll: true });
    heading.scrollIntoView({ block: "nearest" });
  };
  // Somebody asks for a topic: a title that there is no topic of is searched for.
  const answer = ({ topic, about }) => {
    if (!topics.size) return;
    wanted = null;
    search.value = topics.has(topic) ? "" : about ?? "";
    const tokens = look();
    show(topics.has(topic) ? topic : find(search.value).found[0]?.topic.id ?? "start", { focus: true });
    if (!tokens.length) openGroupOf(shown);
  };
  const openGroupOf = (topic) => {
    const button = list.querySelector(`[data-topic="${CSS.escape(topic)}"]`);
    const group = button?.closest("details");
    if (group) group.open = true;
    button?.scrollIntoView({ block: "nearest" });
  };

  search.addEventListener("input", () => draw(look()));
  const entries = () => [...list.querySelectorAll("summary, [data-topic]")].filter((node) => node.checkVisibility());
  el.addEventListener("keydown", (event) => {
    if (event.key === "/" && event.target !== search) {
      event.preventDefault();
      search.focus();
      search.select();
      return;
    }
    if (event.target === search && event.key === "Escape") {
      search.value = "";
      draw(look());
    } else if (event.target === search && event.key === "Enter") {
      const first = list.querySelector("[data-topic]");
      if (first) show(first.dataset.topic);
    }
    const turn = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!turn || !(event.target === search || list.contains(event.target))) return;
    event.preventDefault();
    const all = [search, ...entries()];
    all[Math.min(all.length - 1, Math.max(0, all.indexOf(event.target) + turn))].focus();
  });

  const take = () => {
    topics = new Map(model.get("topics").map((topic) => [topic.id, topic]));
    find = searchOf([...topics.values()]);
    if (!topics.has(shown)) shown = topics.has("start") ? "start" : null;
    draw(look());
    if (wanted) answer(wanted);
  };
  const invite = () => {
    tutorial.hidden = !model.get("tutorial");
    tutorial.textContent = model.get("tutorial");
  };
  model.on("change:topics", take);
  model.on("change:tutorial", invite);
  take();
  invite();

  let panel = null;
  let frame = 0;
  const asked = (detail) => {
    wanted = detail;
    panel.querySelector(":scope > .rml-tabs [data-tab='Help']")?.click();
    answer(detail);
  };
  const listening = new AbortController();
  const adopt = () => {
    panel = el.closest(".rml-panel");
    if (!panel) {
      frame = requestAnimationFrame(adopt);
      return;
    }
    panel.classList.add("rml-has-help");
    panel.addEventListener("rml-help", (event) => asked(event.detail), { signal: listening.signal });
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "F1" || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      asked({ topic: topicAt(event.target) });
    }, { signal: listening.signal });
  };
  adopt();
  return () => {
    cancelAnimationFrame(frame);
    listening.abort();
    model.off("change:topics", take);
    model.off("change:tutorial", invite);
  };
}

export default { render };

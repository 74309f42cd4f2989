// A card of the panel: its title folds and unfolds what is under it, and the browser remembers that; and the way to the help.

const remembered = {
  get: (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // a page may forbid it
    }
  },
  set: (name, value) => {
    try {
      localStorage.setItem(name, value);
    } catch {
      // then the card is unfolded next time
    }
  },
};

// A "?" that opens a topic of the help, in the panel that it stands in; without a help there it is not seen.
const helpLink = (topic, about) => {
  const link = document.createElement("button");
  link.type = "button";
  link.className = "rml-help-link";
  link.textContent = "?";
  link.title = `Help: ${about}`;
  link.setAttribute("aria-label", link.title);
  link.addEventListener("click", () => link.dispatchEvent(new CustomEvent("rml-help", { bubbles: true, detail: { topic, about } })));
  return link;
};

// Returns the head, for what stands beside the title, the body, and the button that folds it.
const makeCard = (el, title) => {
  const name = `retroml_edu folded ${title}`;
  const head = document.createElement("div");
  head.className = "rml-card-head";
  const heading = document.createElement("h4");
  const fold = document.createElement("button");
  fold.type = "button";
  fold.className = "rml-fold";
  fold.textContent = title;
  heading.append(fold);
  head.append(heading, helpLink(`part:${title}`, title));
  const body = document.createElement("div");
  body.className = "rml-card-body";
  const show = (folded) => {
    body.hidden = folded;
    fold.setAttribute("aria-expanded", String(!folded));
  };
  fold.addEventListener("click", () => {
    show(!body.hidden);
    remembered.set(name, body.hidden ? "1" : "0");
  });
  show(remembered.get(name) === "1");
  el.classList.add("rml-card");
  el.append(head, body);
  return { head, body, fold };
};

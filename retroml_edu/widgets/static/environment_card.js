// Cards of environments and their pictures, which Python sends once when they are first looked at.

const OTHER_ENV = "other";

// `of(name, initials)` returns an element that shows a picture as soon as it is here, and the initials until then.
function makePictures(model) {
  const known = new Map(); // name → address, or the elements that wait for it
  let asked = [];
  const ask = () => {
    model.send({ action: "pictures", names: asked });
    asked = [];
  };
  const show = (place, address) => place.replaceChildren(element("img", { src: address, alt: "", draggable: "false" }));
  const take = (message, buffers) => {
    if (message.kind !== "pictures") return;
    message.names.forEach((name, index) => {
      const waiting = known.get(name);
      if (!Array.isArray(waiting)) return;
      const address = URL.createObjectURL(new Blob([buffers[index]], { type: message.mime }));
      known.set(name, address);
      waiting.forEach((place) => show(place, address));
    });
  };
  model.on("msg:custom", take);
  const of = (name, initials) => {
    const place = element("span", { class: "rml-env-picture", "aria-hidden": "true" }, initials);
    const found = known.get(name);
    if (typeof found === "string") show(place, found);
    else if (found) found.push(place);
    else if (name) {
      known.set(name, [place]);
      if (!asked.length) queueMicrotask(ask);
      asked.push(name);
    }
    return place;
  };
  const release = () => {
    model.off("msg:custom", take);
    for (const found of known.values()) if (typeof found === "string") URL.revokeObjectURL(found);
  };
  return { of, release };
}

// What stands where nobody has looked yet whether there is such an environment.
const NO_INITIALS = "?";

// "Space Invaders" → SI, "Taxi-v4" → Ta: what stands where there is no picture.
const initialsOf = (name) => {
  const words = name.replace(/-v\d+$/, "").split(/[^A-Za-z0-9]+/).filter(Boolean);
  return words.length > 1 ? words.slice(-2).map((word) => word[0].toUpperCase()).join("") : (words[0] ?? NO_INITIALS).slice(0, 2);
};

// Of an environment that Python has not looked at, its id is all that is known.
const unknownCard = (id) => ({ id, name: id || "No environment yet", group: "", action: "", observation: "", picture: "", initials: NO_INITIALS });

// An id may be broken after its namespace, and elsewhere only where it must.
const breakable = (id) => id.split(/(?<=\/)/).flatMap((part, index) => (index ? [element("wbr"), part] : [part]));

const cardParts = (card, pictures) => {
  const badges = [card.action, card.observation].filter(Boolean).map((text) => element("span", { class: "rml-badge" }, text));
  const id = card.id === card.name ? [] : [element("span", { class: "rml-env-id" }, ...breakable(card.id))];
  const name = element("span", { class: "rml-env-name" }, card.name);
  const words = element("span", { class: "rml-env-words" }, name, ...id, element("span", { class: "rml-badges" }, ...badges));
  return [pictures.of(card.picture, card.initials ?? initialsOf(card.name)), words];
};

// What a screen reader says of a card.
const cardInWords = (card, group) =>
  [card.name, card.id !== card.name && card.id, group, card.action && `actions: ${card.action}`, card.observation && `sees ${card.observation}`]
    .filter(Boolean)
    .join(", ");

const wantedEnv = (values) => (values.env_id === OTHER_ENV ? (values.custom_env_id ?? "").trim() : values.env_id);

// The field of the form: the chosen environment, as a button that opens the picker.
function makeEnvironment(field, id, tools) {
  const { model, writeAll } = tools;
  const button = element("button", { type: "button", id, class: "rml-env-card rml-env-chosen", "aria-haspopup": "dialog", "aria-describedby": `${id}-help` });
  const shownCard = () => {
    const wanted = wantedEnv(model.get("values"));
    if (wanted === field.card.id) return field.card;
    return model.get("catalogue").find((card) => card.id === wanted) ?? unknownCard(wanted);
  };
  const choose = (envId) => {
    const listed = model.get("catalogue").some((card) => card.id === envId);
    writeAll(listed ? { env_id: envId } : { env_id: OTHER_ENV, custom_env_id: envId });
  };
  button.addEventListener("click", () => openPicker({ ...tools, current: shownCard().id, choose, back: button }));
  let drawn = null;
  const show = () => {
    const card = shownCard();
    if (drawn === card.id) return;
    drawn = card.id;
    const group = model.get("groups").find(([key]) => key === card.group)?.[1] ?? "";
    button.replaceChildren(...cardParts(card, tools.pictures), element("span", { class: "rml-env-change", "aria-hidden": "true" }, "▾"));
    button.setAttribute("aria-label", `Environment: ${cardInWords(card, group)}. Choose another`);
  };
  return { nodes: [button], show, focusable: [button] };
}

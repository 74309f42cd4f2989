// A small window that a button opens: Escape and a click elsewhere close it, and the button has the focus again.

const menu = (button, label, fill, upward = false) => {
  const box = made("span", "rml-xp-menu-of");
  const card = made("div", `rml-xp-menu${upward ? " rml-xp-upward" : ""}`);
  card.hidden = true;
  card.setAttribute("role", "dialog");
  card.setAttribute("aria-label", label);
  button.setAttribute("aria-haspopup", "dialog");
  button.setAttribute("aria-expanded", "false");
  box.append(button, card);
  const elsewhere = (event) => {
    if (!box.contains(event.target)) close(false);
  };
  let page = null; // the part of the panel that the open window stands in
  // Where that is low, it grows while the window is open: the notebook cuts off what hangs out of the panel.
  const makeRoom = () => {
    const { top, bottom } = page.getBoundingClientRect();
    const lowest = card.getBoundingClientRect().bottom;
    if (lowest > bottom) page.style.minHeight = `${lowest - top}px`;
  };
  const resized = new ResizeObserver(makeRoom);
  const close = (back = true) => {
    if (card.hidden) return;
    card.hidden = true;
    resized.disconnect();
    page.style.minHeight = "";
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", elsewhere, true);
    if (back) button.focus({ preventScroll: true });
  };
  const open = () => {
    card.replaceChildren();
    fill(card, close);
    card.hidden = false;
    button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", elsewhere, true);
    card.style.translate = "";
    page = box.closest(".rml-xp");
    const room = page.getBoundingClientRect();
    const place = card.getBoundingClientRect();
    const over = Math.max(0, place.right - room.right) - Math.max(0, room.left - place.left);
    if (over) card.style.translate = `${-over}px`;
    resized.observe(card);
    card.querySelector("input, button")?.focus({ preventScroll: true });
  };
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    if (card.hidden) open();
    else close();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !card.hidden) {
      event.stopPropagation();
      close();
    }
  });
  box.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !box.contains(event.relatedTarget)) close(false);
  });
  return { box, close };
};

const choice = (text, checked, work) => {
  const label = made("label", "rml-xp-choice");
  const box = made("input");
  box.type = "checkbox";
  box.checked = checked;
  box.addEventListener("change", () => work(box.checked));
  label.append(box, made("span", "", text));
  return label;
};

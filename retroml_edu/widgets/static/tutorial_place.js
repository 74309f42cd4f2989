// Where a step of the tutorial is about something: what is ringed, where the card stands, and how to get there.

const RING = "rml-tutorial-ring";
const GAP = 14; // between card and ring
const EDGE = 8; // between card and the panel's border
const SHARE = 0.8; // of the window's height that card and part may take together

const within = (value, low, high) => Math.max(low, Math.min(value, high));

// How much of a box the card of a size covers at a place.
const covered = (place, size, box) =>
  Math.max(0, Math.min(place.x + size.width, box.right) - Math.max(place.x, box.left)) *
  Math.max(0, Math.min(place.y + size.height, box.bottom) - Math.max(place.y, box.top));

// Where the card of a size stands beside a box, both within a panel: on the first side on which it covers least.
const placeBeside = (box, size, room) => {
  const most = { x: room.width - size.width - EDGE, y: room.height - size.height - EDGE };
  const x = within(box.left, EDGE, most.x);
  const y = within(box.top, EDGE, most.y);
  const sides = [
    { x: box.right + GAP, y },
    { x: box.left - GAP - size.width, y },
    { x, y: box.bottom + GAP },
    { x, y: box.top - GAP - size.height },
  ];
  const places = sides.map((side) => ({ x: within(side.x, EDGE, most.x), y: within(side.y, EDGE, most.y) }));
  const covers = places.map((place) => covered(place, size, box));
  return places[covers.indexOf(Math.min(...covers))];
};

// Scrolls to the card, and as far as there is room to the part beside it: two scrolls would fight each other.
const scrollToBoth = (card, part, behavior) => {
  const [own, other] = [card.getBoundingClientRect(), part.getBoundingClientRect()];
  const room = Math.max(0, SHARE * window.innerHeight - own.height);
  const above = within(own.top - other.top, 0, room);
  const below = within(other.bottom - own.bottom, 0, room - above);
  card.style.scrollMargin = `${above + EDGE}px 0 ${below + EDGE}px`;
  card.scrollIntoView({ block: "nearest", inline: "nearest", behavior });
};

// Returns what keeps the card beside the parts of a panel that match a selector. `seen` is told whether any is in sight.
const makePointer = (panel, card, seen) => {
  let selector = "";
  let parts = [];
  let frame = 0;
  const watched = new Set();

  const inSight = () => parts.filter((part) => part.isConnected && part.checkVisibility({ visibilityProperty: true }));
  const place = () => {
    const [first] = inSight();
    seen(Boolean(first));
    if (!first) return;
    const own = panel.getBoundingClientRect();
    const at = first.getBoundingClientRect();
    const [left, top] = [at.left - own.left - panel.clientLeft, at.top - own.top - panel.clientTop];
    const box = { left, top, right: left + at.width, bottom: top + at.height };
    const size = { width: card.offsetWidth, height: card.offsetHeight };
    const { x, y } = placeBeside(box, size, { width: panel.clientWidth, height: panel.clientHeight });
    card.style.left = `${Math.round(x)}px`;
    card.style.top = `${Math.round(y)}px`;
  };
  // Parts come late, and the form makes its rows anew when another game is chosen: the ring goes along.
  const find = () => {
    const found = selector ? [...panel.querySelectorAll(selector)] : [];
    parts.filter((part) => !found.includes(part)).forEach((part) => part.classList.remove(RING));
    found.forEach((part) => part.classList.add(RING));
    parts = found;
    if (!selector) return;
    // Whatever moves the parts changes a size of these.
    const around = panel.querySelectorAll(":scope > *, :is(.rml-settings, .rml-stage, .rml-side) > *, .rml-form");
    for (const node of [panel, card, ...around, ...parts]) {
      if (watched.has(node)) continue; // a second time would be told as a change
      watched.add(node);
      sizes.observe(node);
    }
  };
  const refresh = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      find();
      place();
    });
  };
  const sizes = new ResizeObserver(refresh);
  panel.addEventListener("toggle", refresh, true); // a section of the form that is folded

  const isStill = () => panel.classList.contains("rml-still") || matchMedia("(prefers-reduced-motion: reduce)").matches;
  return {
    pointAt: (wanted) => {
      selector = wanted;
      sizes.disconnect();
      watched.clear();
      find();
      place();
    },
    // Opens the tab and unfolds what hides the parts, and scrolls to them and to the card.
    reveal: () => {
      const page = parts[0]?.closest(".rml-tab-page");
      if (page?.hidden) document.getElementById(page.getAttribute("aria-labelledby"))?.click();
      for (const part of parts) {
        for (let node = part.parentElement; node && node !== panel; node = node.parentElement) {
          if (node.tagName === "DETAILS") node.open = true;
        }
        if (part.querySelector(":scope > .rml-card-body[hidden]")) part.querySelector(".rml-fold").click();
      }
      requestAnimationFrame(() => {
        place();
        if (parts.length) scrollToBoth(card, parts[0], isStill() ? "auto" : "smooth");
      });
    },
    focus: () => {
      // What holds the value comes before the buttons beside it.
      const controls = (part) => [part, ...part.querySelectorAll("input, select"), ...part.querySelectorAll("button, summary")];
      const usable = (node) => node.tabIndex >= 0 && node.checkVisibility({ visibilityProperty: true });
      inSight().flatMap(controls).find(usable)?.focus({ preventScroll: true });
    },
    stop: () => {
      sizes.disconnect();
      cancelAnimationFrame(frame);
      parts.forEach((part) => part.classList.remove(RING));
      panel.removeEventListener("toggle", refresh, true);
    },
  };
};

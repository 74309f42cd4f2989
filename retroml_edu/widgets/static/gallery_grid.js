// The tiles: only those in sight are in the page, however many there are. One tab stop; the arrows walk.

const TILE = 186; // pixels that a tile has at least
const GAP = 10;
const TEXT = 62; // pixels under its picture
const MOST_TILE_ROWS = 3;
const PEEK = 28; // of the row after them, which tells that there is more
const SETTLED_MS = 100;

let galleries = 0;

// `shelf` holds what is shown: view (films), playing (id), pictures; `act` what a person may do.
const tilesOf = (shelf, act) => {
  const id = `rml-gal-${(galleries += 1)}`;
  const grid = made("div", "rml-gal-grid");
  grid.tabIndex = 0;
  grid.setAttribute("role", "listbox");
  grid.setAttribute("aria-label", "Videos. Enter plays, F2 renames, Delete deletes.");
  const space = made("div", "rml-gal-space");
  grid.append(space);

  const drawn = new Map();
  let active = -1;
  let activeId = null;
  let walked = false;
  let columns = 1;
  let width = TILE;
  let height = TILE;

  const make = () => {
    const node = made("div", "rml-gal-tile");
    node.setAttribute("role", "option");
    const picture = made("div", "rml-gal-picture");
    const image = made("img");
    image.alt = "";
    image.draggable = false;
    const missing = made("span", "rml-gal-missing");
    const length = made("span", "rml-gal-length");
    picture.append(image, missing, length);
    const title = made("div", "rml-gal-title");
    const game = made("div", "rml-gal-line");
    const run = made("div", "rml-gal-line");
    node.append(picture, title, game, run);
    space.append(node);
    return { node, image, missing, length, title, game, run, film: null };
  };
  const fill = (item, film) => {
    item.film = film;
    item.node.id = `${id}-${film.film.replace(/[^\w-]/g, "-")}`;
    item.node.dataset.film = film.film;
    say(item.title, filmTitle(film));
    say(item.game, gameOf(film));
    say(item.run, `${titleOf(film)} · ${ago(film.made_ms)}`);
    say(item.length, film.duration_s === null ? "" : `${film.duration_s.toFixed(1)} s`);
    item.node.title = [filmTitle(film), film.label ? shownIn(film) : "", gameOf(film), titleOf(film), size(film.size_bytes)]
      .filter(Boolean).join("\n");
    item.node.setAttribute("aria-label", [film.label, shownIn(film), gameOf(film), titleOf(film), ago(film.made_ms)].filter(Boolean).join(", "));
  };
  const paint = (item) => {
    const picture = shelf.pictures.get(item.film.film);
    if (picture?.url && item.image.src !== picture.url) item.image.src = picture.url;
    item.image.hidden = !picture?.url;
    say(item.missing, picture?.problem ? "No picture" : "");
    item.missing.title = picture?.problem ?? "";
  };

  const measure = () => {
    const room = Math.max(1, grid.clientWidth - 2);
    columns = Math.max(1, Math.floor((room + GAP) / (TILE + GAP)));
    width = Math.floor((room - GAP * (columns - 1)) / columns);
    height = Math.round((width * 2) / 3) + TEXT + GAP;
  };
  const rows = () => Math.ceil(shelf.view.length / columns);

  let settling = 0;
  const draw = () => {
    const from = Math.max(0, Math.floor(grid.scrollTop / height) - 1) * columns;
    const to = Math.min(shelf.view.length, (Math.ceil((grid.scrollTop + grid.clientHeight) / height) + 1) * columns);
    const wanted = new Set(shelf.view.slice(from, to).map(({ film }) => film));
    const spare = []; // tiles that went out of sight show what came into it
    for (const [film, item] of drawn) {
      if (wanted.has(film)) continue;
      drawn.delete(film);
      spare.push(item);
    }
    for (let at = from; at < to; at += 1) {
      const film = shelf.view[at];
      const item = drawn.get(film.film) ?? spare.pop() ?? make();
      drawn.set(film.film, item);
      if (item.film !== film) fill(item, film);
      paint(item);
      const { node } = item;
      node.style.left = `${(at % columns) * (width + GAP)}px`;
      node.style.top = `${Math.floor(at / columns) * height}px`;
      node.style.width = `${width}px`;
      node.setAttribute("aria-posinset", String(at + 1));
      node.setAttribute("aria-setsize", String(shelf.view.length));
      node.setAttribute("aria-selected", String(film.film === shelf.playing));
      node.classList.toggle("rml-gal-active", walked && at === active);
    }
    spare.forEach(({ node }) => node.remove());
    const here = walked ? drawn.get(shelf.view[active]?.film)?.node : null;
    if (here) grid.setAttribute("aria-activedescendant", here.id);
    else grid.removeAttribute("aria-activedescendant");
    // Pictures are made for what somebody looks at, not for what rushes by.
    clearTimeout(settling);
    settling = setTimeout(() => {
      const unseen = [...drawn.keys()].filter((film) => !shelf.pictures.has(film));
      if (unseen.length && grid.offsetParent) act.want(unseen);
    }, SETTLED_MS);
  };
  const refresh = () => {
    if (!grid.clientWidth) return; // on a page that is hidden
    measure();
    const more = rows() > MOST_TILE_ROWS;
    grid.style.height = `${height * (more ? MOST_TILE_ROWS : Math.max(1, rows())) + (more ? PEEK : 2 - GAP)}px`;
    space.style.height = `${Math.max(0, height * rows() - GAP)}px`;
    const at = activeId ? shelf.view.findIndex((film) => film.film === activeId) : -1;
    stand(at >= 0 ? at : Math.min(active, shelf.view.length - 1));
    draw();
  };
  const painted = (film) => {
    const item = drawn.get(film);
    if (item) paint(item);
  };

  // -- walking ------------------------------------------------------------------------------------------------------

  const stand = (at) => {
    active = at;
    activeId = shelf.view[at]?.film ?? null;
  };
  const show = (at) => {
    const top = Math.floor(at / columns) * height;
    if (top < grid.scrollTop) grid.scrollTop = top;
    else if (top + height > grid.scrollTop + grid.clientHeight) grid.scrollTop = top + height - grid.clientHeight;
  };
  const walk = (at) => {
    if (!shelf.view.length) return;
    walked = true;
    stand(Math.min(Math.max(at, 0), shelf.view.length - 1));
    show(active);
    draw();
    drawn.get(activeId)?.node.scrollIntoView({ block: "nearest" });
  };
  const one = () => shelf.view[active];
  const page = () => columns * Math.max(1, Math.floor(grid.clientHeight / height));
  const KEYS = {
    ArrowRight: () => walk(active + 1),
    ArrowLeft: () => walk(active - 1),
    ArrowDown: () => walk(active + columns < shelf.view.length ? active + columns : active),
    ArrowUp: () => walk(active - columns >= 0 ? active - columns : active),
    PageDown: () => walk(active + page()),
    PageUp: () => walk(active - page()),
    Home: () => walk(0),
    End: () => walk(shelf.view.length - 1),
    Enter: () => one() && act.play(one()),
    " ": () => one() && act.play(one()),
    F2: () => one() && act.startRename(one()),
    Delete: () => one() && act.remove(one()),
    Escape: () => act.shut(),
  };
  grid.addEventListener("keydown", (event) => {
    const command = event.ctrlKey || event.metaKey;
    let work = command || event.altKey ? null : KEYS[event.key];
    if (command && event.key.toLowerCase() === "z") work = act.undo;
    if (!work) return;
    event.preventDefault();
    event.stopPropagation(); // the notebook has commands of its own on these keys
    work();
  });
  grid.addEventListener("focus", () => {
    if (active < 0 || !walked) walk(Math.max(0, active));
  });
  grid.addEventListener("click", (event) => {
    const tile = event.target.closest(".rml-gal-tile");
    const at = tile ? shelf.view.findIndex((film) => film.film === tile.dataset.film) : -1;
    if (at < 0) return;
    walk(at);
    act.play(shelf.view[at]);
  });
  grid.addEventListener("scroll", draw, { passive: true });
  const resized = new ResizeObserver(refresh);
  resized.observe(grid);
  const end = () => {
    resized.disconnect();
    clearTimeout(settling);
  };
  const renewTimes = () => drawn.forEach((item) => fill(item, item.film));
  return { grid, refresh, painted, renewTimes, end, active: one, focus: () => grid.focus({ preventScroll: true }) };
};

// All videos of all runs: found, filtered and sorted in the page; what changes them is asked of Python.

const LOOK_MS = 5000; // for new videos of runs that go on, while somebody sees them
const TIMES_MS = 30000;

export default () => {
  const pictures = new Map(); // id → {url} or {problem}
  const players = new Set();
  const grids = new Set();
  const forget = (id) => {
    if (pictures.get(id)?.url) URL.revokeObjectURL(pictures.get(id).url);
    pictures.delete(id);
    players.forEach((player) => player.drop(id));
  };
  const filmedAgain = (film, before) => before && (before.made_ms !== film.made_ms || before.size_bytes !== film.size_bytes);
  const shared = sharedRows("film", (film, before) => filmedAgain(film, before) && forget(film.film), forget);
  const { rows: films, changed, views } = shared;

  const initialize = ({ model }) => {
    const end = shared.initialize({ model });
    const onMessage = (message, buffers) => {
      if (message.kind !== "thumbnail" || pictures.get(message.film)?.url) return;
      const url = message.problem ? null : URL.createObjectURL(new Blob([buffers[0]], { type: "image/jpeg" }));
      pictures.set(message.film, message.problem ? { problem: message.problem } : { url });
      grids.forEach((grid) => grid.painted(message.film));
    };
    model.on("msg:custom", onMessage);
    return () => {
      end();
      model.off("msg:custom", onMessage);
      [...pictures.keys()].forEach(forget);
    };
  };

  const render = ({ model, el }) => {
    el.classList.add("rml-gal");
    const shelf = { view: [], playing: null, pictures };
    let search = "";
    let kind = "";
    let order = "newest";
    let awaited = null; // the video that this view asked for

    const ask = (action, more) => model.send({ action, ...more });
    const act = {
      want: (ids) => ask("thumbnails", { films: ids }),
      fetch: (film) => {
        awaited = crypto.randomUUID?.() ?? String(Math.random());
        ask("play", { film: film.film, token: awaited });
      },
      choose: (film, play) => {
        shelf.playing = film.film;
        player.show(film, play);
        refresh();
      },
      play: (film) => {
        act.choose(film, true);
        player.pane.scrollIntoView({ block: "nearest" });
      },
      startRename: (film) => {
        act.choose(film, false);
        player.rename();
      },
      rename: (film, label) => {
        films.set(film.film, { ...film, label, words: undefined, order: undefined }); // Python tells it again, as it is
        changed();
        ask("rename", { film: film.film, name: label });
      },
      remove: (film) => {
        films.delete(film.film); // Python tells it again if it could not be deleted
        changed();
        ask("delete", { films: [film.film] });
        tiles.focus();
      },
      undo: () => ask("undo"),
      open: (film) => ask("open", { run_id: film.run_id }),
      shut: () => {
        shelf.playing = null;
        player.close();
        refresh();
        tiles.focus();
      },
      focus: () => tiles.focus(),
      told: (text) => say(said, text),
    };

    // -- above the tiles ----------------------------------------------------------------------------------------------

    const bar = made("div", "rml-gal-tools");
    const find = (text) => {
      search = text;
      refresh();
    };
    const where = "name, game, algorithm, run, moment, return";
    const box = searchBox("videos", where, "rml-gal-search", find, () => tiles.focus());
    const choose = (label, options, work) => {
      const select = made("select", "rml-input rml-small");
      select.setAttribute("aria-label", label);
      select.title = label;
      for (const [value, text] of options) select.append(new Option(text, value));
      select.addEventListener("change", () => {
        work(select.value);
        refresh();
      });
      return select;
    };
    const kinds = choose("Which videos", [["", "All videos"], ...Object.entries(KINDS)], (value) => (kind = value));
    const orders = choose("Order", Object.entries(ORDERS).map(([value, [text]]) => [value, text]), (value) => (order = value));
    const shown = made("span", "rml-caption rml-gal-shown");
    shown.setAttribute("role", "status");
    const again = pressed("↻", "Refresh the list", "rml-icon", () => ask("refresh"));
    again.setAttribute("aria-label", "Refresh");
    bar.append(box, kinds, orders, shown, again);

    // -- tiles, player, what was done ----------------------------------------------------------------------------------

    const tiles = tilesOf(shelf, act);
    const player = filmPlayer(act);
    const empty = made("div", "rml-gal-empty");
    const words = made("span");
    words.setAttribute("role", "status");
    const showAll = pressed("Show all videos", "", "rml-link", () => {
      search = kind = box.value = kinds.value = "";
      refresh();
      box.focus({ preventScroll: true });
    });
    empty.append(words, showAll);
    const left = made("div", "rml-gal-left");
    const foot = made("div", "rml-gal-foot");
    const said = made("span");
    said.setAttribute("role", "status");
    const undo = pressed("Undo", "Bring it back (Ctrl+Z among the videos)", "rml-link", act.undo);
    const kept = made("div", "rml-caption", model.get("kept"));
    const problems = made("div", "rml-gal-problems");
    problems.setAttribute("role", "alert");
    foot.append(said, undo, problems, kept);
    left.append(tiles.grid, empty, foot);
    const main = made("div", "rml-gal-main");
    main.append(player.pane, left);
    el.append(bar, main);

    const nothing = () => {
      if (!shared.read) return model.get("reading") || !sight.seen ? "Reading the videos …" : "The videos could not be read. Press ↻ to try again.";
      return films.size ? "No video matches what is searched." : "There are no videos yet. Train an agent: its start, quarters and end are filmed.";
    };
    const refresh = () => {
      const film = films.get(shelf.playing);
      if (shelf.playing && !film) {
        shelf.playing = null;
        player.close();
      } else if (film && player.film !== film) {
        player.show(film, false);
      }
      const all = [...films.values()];
      shelf.view = filmsFound(all, search, kind, order);
      empty.hidden = shelf.view.length > 0;
      tiles.grid.hidden = !empty.hidden;
      showAll.hidden = !films.size;
      say(words, empty.hidden ? "" : nothing());
      const bytes = shelf.view.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
      const some = shelf.view.length < films.size ? `${whole(shelf.view.length)} of ` : "";
      say(shown, `${some}${count(films.size, "video")}${bytes ? ` · ${size(bytes)}` : ""}`);
      tiles.refresh();
    };

    const sight = whileSeen(
      el,
      () => ask("begin"),
      player.pause, // nobody sees it
      [LOOK_MS, () => ask("look")],
      [TIMES_MS, tiles.renewTimes],
    );
    const tell = () => {
      const { text, problems: sentences, undo: can } = model.get("notice");
      say(said, text);
      undo.hidden = !can;
      sayProblems(problems, sentences);
    };
    const onMessage = (message, buffers) => {
      if (message.kind === "film" && message.token === awaited) player.take(message, buffers);
    };
    views.add(refresh);
    players.add(player);
    grids.add(tiles);
    model.on("msg:custom", onMessage);
    model.on("change:notice", tell);
    model.on("change:reading", refresh);
    tell();
    refresh();
    return () => {
      player.end();
      views.delete(refresh);
      players.delete(player);
      grids.delete(tiles);
      sight.end();
      tiles.end();
      model.off("msg:custom", onMessage);
      model.off("change:notice", tell);
      model.off("change:reading", refresh);
    };
  };

  return { initialize, render };
};

// Beside or above the tiles: the one player, with what it shows and what can be done with that.

const KEPT_FILMS = 8; // whose bytes the page holds, so that going back to one costs nothing

const filmPlayer = (act) => {
  const pane = made("aside", "rml-gal-pane");
  pane.setAttribute("aria-label", "The video that was chosen");
  const head = made("div", "rml-card-head");
  const title = made("h4");
  const shut = pressed("✕", "Close the video (Escape)", "rml-icon", () => act.shut());
  shut.setAttribute("aria-label", "Close the video");
  head.append(title, shut);
  const name = made("input", "rml-input");
  name.maxLength = 100;
  name.hidden = true;
  const screen = made("div", "rml-screen rml-gal-screen");
  const player = made("video");
  player.controls = true;
  player.muted = true;
  player.playsInline = true;
  const status = made("div", "rml-empty");
  status.setAttribute("role", "status");
  screen.append(player, status);
  const buttons = made("div", "rml-gal-actions");
  const save = pressed("Download", "Save the video on this computer", "rml-button rml-small", () => {
    const bytes = held.get(film.film)?.bytes;
    if (bytes) act.told(saveFile({ name: saveName(film), mime: "video/mp4" }, [bytes]));
  });
  buttons.append(
    pressed("Open run", "Show its run in the panel", "rml-button rml-small rml-primary", () => act.open(film)),
    pressed("Rename", "Give the video a name (F2); leave it empty to remove the name", "rml-button rml-small", () => rename()),
    save,
    pressed("Delete", "Move the video to the trash; Undo brings it back (Delete)", "rml-button rml-small", () => act.remove(film)),
  );
  const facts = made("dl", "rml-gal-facts");
  pane.append(head, name, screen, buttons, facts);
  pane.hidden = true;
  pane.addEventListener("keydown", (event) => {
    if (event.key === "Escape") act.shut();
  });

  const held = new Map(); // film → {bytes, url}, the newest last
  let film = null;
  let wanted = false; // whether it is to begin by itself: somebody pressed it

  const begin = () => {
    const item = held.get(film.film);
    save.setAttribute("aria-disabled", String(!item));
    if (!item) return;
    say(status, "");
    if (player.src !== item.url) player.src = item.url;
    if (wanted) player.play().catch(() => {});
  };
  const drop = (id) => {
    if (held.has(id)) URL.revokeObjectURL(held.get(id).url);
    held.delete(id);
  };
  const show = (next, play) => {
    const other = next.film !== film?.film;
    if (other) endRename(true);
    film = next;
    pane.hidden = false;
    if (other) {
      player.pause();
      player.removeAttribute("src");
      player.load();
    }
    say(title, filmTitle(film));
    title.title = filmTitle(film);
    player.setAttribute("aria-label", `Video: ${filmTitle(film)}, ${gameOf(film)}`);
    facts.replaceChildren(
      ...filmFacts(film).filter(([, value]) => value).flatMap(([key, value]) => [made("dt", "", key), made("dd", "", value)]),
    );
    if (!other && !play) return;
    wanted = play;
    if (!held.has(film.film)) {
      say(status, "Loading …");
      act.fetch(film);
    }
    begin();
  };
  const take = ({ film: id, problem }, [bytes]) => {
    if (!problem) {
      drop(id);
      held.set(id, { bytes, url: URL.createObjectURL(new Blob([bytes], { type: "video/mp4" })) });
      for (const old of [...held.keys()].slice(0, -KEPT_FILMS)) if (old !== film?.film) drop(old);
    }
    if (id !== film?.film) return;
    if (problem) say(status, problem);
    else begin();
  };
  const close = () => {
    endRename(false);
    player.pause();
    pane.hidden = true;
    film = null;
  };
  player.addEventListener("error", () => player.src && film && say(status, "This browser cannot play the video."));

  const rename = () => {
    name.value = film.label;
    name.placeholder = shownIn(film);
    name.setAttribute("aria-label", `Name of the video ${filmTitle(film)}`);
    name.hidden = false;
    head.hidden = true;
    name.focus({ preventScroll: true });
    name.select();
  };
  const endRename = (keep) => {
    if (name.hidden) return;
    const text = name.value.trim();
    name.hidden = true;
    head.hidden = false;
    if (keep && film && text !== film.label) act.rename(film, text);
  };
  name.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key !== "Enter" && event.key !== "Escape") return;
    endRename(event.key === "Enter");
    act.focus();
  });
  name.addEventListener("blur", () => endRename(true));

  const end = () => {
    endRename(true);
    for (const id of [...held.keys()]) drop(id);
  };
  return { pane, show, take, drop, close, rename, end, pause: () => player.pause(), get film() { return film; } };
};

// What the panel needs to know of the page it stands in: its theme, its shortcuts, and whether the kernel still lives.

const themeRoot = () => document.body;

function isDark() {
  const light = themeRoot().dataset.jpThemeLight;
  if (light !== undefined) return light === "false";
  if (document.body.classList.contains("vscode-dark") || document.body.classList.contains("vscode-high-contrast")) return true;
  if (document.documentElement.getAttribute("theme") === "dark") return true;
  return false;
}

// All that a panel shows whose kernel is gone: what happened, what is kept, what to do.
function goneCard(kept) {
  const card = document.createElement("div");
  card.className = "rml-gone";
  card.setAttribute("role", "alert");
  card.hidden = true;
  const line = (tag, text) => {
    const node = document.createElement(tag);
    node.textContent = text;
    card.append(node);
  };
  line("strong", "! The kernel behind this panel has ended.");
  for (const text of kept) line("p", text);
  return card;
}

function render({ model, el }) {
  el.classList.add("rml-page");
  const gone = goneCard(model.get("kept"));
  el.append(gone);

  const tellTheme = () => {
    paintTheme();
    if (model.get("dark") === isDark()) return;
    model.set("dark", isDark());
    model.save_changes();
  };
  const observer = new MutationObserver(tellTheme);
  observer.observe(document.body, { attributes: true });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["theme"] });

  // Keys typed in the panel are the panel's: without this, D D on a focused button would delete the cell.
  // On the body, before JupyterLab's own listener; Ctrl+S and its like still reach the notebook.
  const listening = new AbortController();
  const keepKeys = (event) => {
    if (!(event.ctrlKey || event.metaKey || event.altKey) && event.target.closest(".rml-panel")) event.stopPropagation();
  };
  document.body.addEventListener("keydown", keepKeys, { signal: listening.signal });

  // A double click is one press, however late its second click comes: that takes back nothing, and presses nothing that
  // has come under the mouse since. Where people press quickly on purpose, `data-again` says so.
  let first = null; // the button under the first click
  const pressOnce = (event) => {
    const button = event.target.closest("button");
    if (event.detail === 1) first = button;
    if (event.detail < 2 || !(first || button) || button?.dataset.again !== undefined) return;
    event.preventDefault();
    event.stopPropagation();
  };

  // Plotly looks at its size when the window changes; the panel also changes when a side bar opens.
  const resized = new ResizeObserver(() => window.dispatchEvent(new Event("resize")));

  let panel = null;
  const paintTheme = () => panel?.classList.toggle("rml-theme-dark", isDark());
  const tellStill = () => panel?.classList.toggle("rml-still", model.get("still"));
  model.on("change:still", tellStill);
  const adopt = () => {
    panel = el.closest(".rml-panel");
    if (!panel) return requestAnimationFrame(adopt);
    panel.setAttribute("role", "region");
    panel.setAttribute("aria-label", model.get("label"));
    resized.observe(panel);
    for (const kind of ["click", "dblclick"]) panel.addEventListener(kind, pressOnce, { capture: true, signal: listening.signal });
    tellStill();
    panel.tabIndex = -1; // a click beside the controls stays in the panel, and so do the keys that follow
    tellTheme();
  };
  requestAnimationFrame(adopt);

  // The panel is now no higher than the card: whoever was looking at it, or had the focus in it, is left with the card.
  const ended = () => {
    if (!gone.hidden) return;
    gone.hidden = false;
    if (!panel) return;
    const place = panel.getBoundingClientRect();
    const focused = panel.contains(document.activeElement);
    for (const dialog of panel.querySelectorAll("dialog[open]")) dialog.close(); // unseen, it would still block the page
    panel.classList.add("rml-dead");
    if (focused) panel.focus({ preventScroll: true });
    if (place.bottom > 0 && place.top < window.innerHeight) gone.scrollIntoView({ block: "nearest" });
  };
  // Sent once, when the connection to the kernel's half of the panel is gone for good.
  model.on("comm_live_update", ended);
  // A kernel that was shut down or has died says no such thing; JupyterLab's document knows of it.
  const session = model.widget_manager?.context?.sessionContext;
  const onKernel = (_, { newValue }) => newValue || ended();
  const onStatus = (_, status) => ["dead", "autorestarting"].includes(status) && ended();
  session?.kernelChanged.connect(onKernel);
  session?.statusChanged.connect(onStatus);
  return () => {
    session?.kernelChanged.disconnect(onKernel);
    session?.statusChanged.disconnect(onStatus);
    observer.disconnect();
    resized.disconnect();
    listening.abort();
    model.off("comm_live_update", ended);
    model.off("change:still", tellStill);
  };
}

export default { render };

// What the panel needs to know of the page it stands in: its theme, its shortcuts, and whether the kernel still lives.

const themeRoot = () => document.body;

function isDark() {
  const light = themeRoot().dataset.jpThemeLight;
  if (light !== undefined) return light === "false";
  if (document.body.classList.contains("vscode-dark") || document.body.classList.contains("vscode-high-contrast")) return true;
  if (document.documentElement.getAttribute("theme") === "dark") return true;
  return false;
}

function render({ model, el }) {
  el.classList.add("rml-page");
  const gone = document.createElement("div");
  gone.className = "rml-problem rml-warning rml-gone";
  gone.hidden = true;
  gone.textContent = "! The kernel behind this panel has ended: run the cell again. What was recorded is on disk; a run that was cut short can be resumed then.";
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
    panel.setAttribute("aria-label", "RetroML Lab");
    resized.observe(panel);
    for (const kind of ["click", "dblclick"]) panel.addEventListener(kind, pressOnce, { capture: true, signal: listening.signal });
    tellStill();
    panel.tabIndex = -1; // a click beside the controls stays in the panel, and so do the keys that follow
    tellTheme();
  };
  requestAnimationFrame(adopt);

  // Sent once, when the connection to the kernel's half of the panel is gone for good.
  const ended = () => {
    gone.hidden = false;
    panel?.classList.add("rml-dead");
  };
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

// Whether the page is dark: as the frame around a widget says it, which watches the page.

const followTheme = (el, work) => {
  let panel = null;
  let was;
  const look = () => {
    const dark = panel?.classList.contains("rml-theme-dark") ?? false;
    if (dark === was) return;
    was = dark;
    work(dark);
  };
  const watcher = new MutationObserver(look);
  let waits = 0;
  const adopt = () => {
    panel = el.closest(".rml-panel");
    if (!panel) {
      waits = requestAnimationFrame(adopt);
      return;
    }
    watcher.observe(panel, { attributes: true, attributeFilter: ["class"] });
    look();
  };
  adopt();
  return () => {
    cancelAnimationFrame(waits);
    watcher.disconnect();
  };
};

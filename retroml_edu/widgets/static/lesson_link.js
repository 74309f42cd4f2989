// A link that opens a lesson in JupyterLab, in a tab of the browser; its name alone where the page cannot tell how.

const pageConfig = () => {
  try {
    return JSON.parse(document.getElementById("jupyter-config-data").textContent);
  } catch {
    return {}; // another front end
  }
};

// The server says where its files lie, with ~ for a person's own folder: so the kernel says its paths in both ways.
const urlOfFile = (paths) => {
  const { baseUrl, serverRoot } = pageConfig();
  if (!baseUrl || !serverRoot) return "";
  const root = `${serverRoot.replaceAll("\\", "/").replace(/\/$/, "")}/`;
  const file = paths.find((path) => path.startsWith(root));
  return file ? `${baseUrl}lab/tree/${file.slice(root.length).split("/").map(encodeURIComponent).join("/")}` : "";
};

const fillLessonLink = (link, { name, paths }) => {
  link.hidden = !paths.length;
  const words = `Lesson ${name}`;
  if (link.textContent !== words) link.textContent = words;
  const url = urlOfFile(paths);
  if (url) link.href = url;
  else link.removeAttribute("href");
  link.target = "_blank";
  link.rel = "noopener";
  link.title = paths[0] ?? "";
};

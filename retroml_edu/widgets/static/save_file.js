// Hands a file that came from Python to the browser; returns what to say of it.

const saveFile = ({ name, mime }, [content]) => {
  const url = URL.createObjectURL(new Blob([content], { type: mime }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
  return `${name} saved`;
};

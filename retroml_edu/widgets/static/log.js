// The event log, newest first. Python sends plain data; nothing of it is ever read as HTML.

const SIGNS = { info: "·", warning: "!", error: "✕" };

const item = (line) => {
  const node = document.createElement("li");
  node.className = `rml-${line.level}`;
  node.dataset.number = line.number;
  const time = document.createElement("time");
  time.dateTime = line.time;
  time.textContent = new Date(line.time).toLocaleTimeString([], { hour12: false });
  const sign = document.createElement("span");
  sign.className = "rml-sign";
  sign.textContent = SIGNS[line.level] ?? "·";
  sign.title = line.level;
  const text = document.createElement("span");
  text.textContent = line.text;
  node.append(time, sign, text);
  return node;
};

function render({ model, el }) {
  el.classList.add("rml-log");
  const { head, body } = makeCard(el, "Events");
  const checkpoint = document.createElement("button");
  checkpoint.type = "button";
  checkpoint.className = "rml-link";
  checkpoint.textContent = "Checkpoint now";
  checkpoint.title = "Store the exact state, so that training can be resumed from here";
  checkpoint.addEventListener("click", () => model.send({ action: "checkpoint" }));
  head.append(checkpoint);
  const list = document.createElement("ol");
  list.tabIndex = 0;
  list.setAttribute("aria-label", "Events of the run, newest first");
  body.append(list);
  const add = ({ lines }) => list.prepend(...lines.map(item).reverse());
  const unfollow = follow(
    model,
    (whole) => {
      list.replaceChildren();
      add(whole);
    },
    (change) => {
      for (const number of change.gone) list.querySelector(`[data-number="${number}"]`)?.remove();
      add(change);
    },
  );
  const offer = () => {
    checkpoint.hidden = !model.get("can_checkpoint");
  };
  model.on("change:can_checkpoint", offer);
  offer();
  return () => {
    unfollow();
    model.off("change:can_checkpoint", offer);
  };
}

export default { render };

// The page's half of a widget whose content grows: all of it at first, then what changes, by numbered messages.

const follow = (model, takeWhole, takeChange) => {
  let version;
  let asked = false;
  // Asked at first, too: between the state that came with the widget and the first message heard, one may be lost.
  const compare = () => {
    asked = true;
    model.send({ action: "compare", version });
  };
  const start = (content, buffers) => {
    version = content.version;
    asked = false;
    takeWhole(content, buffers);
  };
  const onMessage = (message, buffers) => {
    if (message.kind === "whole") {
      start(message, buffers);
    } else if (message.kind === "change" && message.version === version + 1) {
      version = message.version;
      takeChange(message, buffers);
    } else if (message.kind === "change" && message.version > version && !asked) {
      compare();
    }
  };
  const whole = model.get("whole");
  start(whole, whole.buffers);
  model.on("msg:custom", onMessage);
  compare();
  asked = false;
  return () => model.off("msg:custom", onMessage);
};

// Load: a model.zip of stable-baselines3 from the person's computer, sent in pieces, and what has to be said of it.

const modelLoad = (model, act) => {
  const note = "Takes in the weights of a model.zip that stable-baselines3 saved, as a run that can be tested and trained on. Only numbers are read; nothing in the file is executed, so what else it was trained with has to be said here.";
  const opener = pressed("Load …", "Take in a model.zip of stable-baselines3", "rml-button rml-small", () => {});
  const picker = made("input");
  picker.type = "file";
  picker.accept = ".zip";
  picker.hidden = true; // the button stands for it, for the keyboard and for screen readers
  const status = made("span", "rml-caption rml-mod-loading");
  status.setAttribute("role", "status");

  const said = { env_id: "", algorithm: "PPO", layers: "", activation: "" }; // stays, so that a mistake is mended in one place
  let file = null;
  let form = null;
  let card = null;
  let token = null;
  let formToken = null;

  const labelled = (text, control, help) => {
    const line = made("label", "rml-mod-field");
    line.title = help;
    line.append(made("span", "", text), control);
    return line;
  };
  const select = (name, options) => {
    const node = made("select", "rml-input rml-small");
    for (const [value, text] of options) node.append(new Option(text, value));
    node.value = said[name];
    node.addEventListener("change", () => {
      said[name] = node.value;
      if (name === "algorithm") fill();
    });
    return node;
  };
  const text = (name, placeholder) => {
    const node = made("input", "rml-input rml-small");
    node.value = said[name];
    node.placeholder = placeholder;
    node.addEventListener("input", () => (said[name] = node.value));
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") event.stopPropagation();
    });
    return node;
  };
  const fill = () => {
    const envs = made("datalist");
    envs.id = `rml-mod-envs-${(lists += 1)}`;
    for (const id of form?.envs ?? []) envs.append(new Option(id, id));
    const env = text("env_id", "CartPole-v1");
    env.setAttribute("list", envs.id);
    const choose = pressed(file ? file.name : "Choose the file …", "The zip as model.save() of stable-baselines3 wrote it", "rml-button rml-small", () => picker.click());
    const go = pressed("Load", "", "rml-button rml-small rml-primary", send);
    go.setAttribute("aria-disabled", String(!file));
    card.replaceChildren(
      made("div", "rml-caption", note),
      choose,
      labelled("Environment", env, "The Gymnasium id that it was trained for"),
      envs,
      labelled("Algorithm", select("algorithm", (form?.algorithms ?? ["PPO"]).map((name) => [name, name])), "What trained it"),
      labelled("Layers", text("layers", "64, 64"), "net_arch: widths of the hidden layers; those of stable-baselines3 if left empty. A network of pictures has none."),
      ...(said.algorithm === "DQN" ? [] : [labelled("Activation", select("activation", [["", "tanh (the usual)"], ["relu", "relu"]]), "activation_fn: the file does not tell")]),
      go,
    );
  };
  const { box, close } = menu(opener, "Load a model", (place) => {
    card = place;
    formToken = crypto.randomUUID?.() ?? String(Math.random()); // of its own: a file may be on its way
    act.ask("form", { token: formToken });
    fill();
  });
  picker.addEventListener("change", () => {
    file = picker.files[0] ?? file;
    picker.value = "";
    fill();
    card.querySelector(".rml-primary").focus({ preventScroll: true });
  });

  const share = (done) => `Sending ${file.name}: ${Math.round((100 * done) / file.size)} %`;
  const send = () => {
    if (!file) return;
    if (file.size > model.get("max_bytes")) {
      say(status, `✕ ${file.name} is larger than ${Math.round(model.get("max_bytes") / 2 ** 20)} MB, and no model is.`);
      return;
    }
    token = crypto.randomUUID?.() ?? String(Math.random());
    say(status, `Sending ${file.name} …`);
    act.ask("load", { token, name: file.name, size_bytes: file.size });
    close();
  };
  const piece = async (at) => {
    const mine = token;
    const size = model.get("piece_bytes");
    try {
      const content = await file.slice(at, at + size).arrayBuffer();
      if (mine !== token) return;
      const end = at + content.byteLength;
      say(status, end < file.size ? share(end) : `Reading ${file.name} …`);
      const settings = said.algorithm === "DQN" ? { ...said, activation: "" } : said;
      model.send({ action: "piece", token, at, ...settings }, undefined, [content]);
    } catch (error) {
      say(status, `✕ ${file.name} cannot be read: ${error.message}`);
    }
  };
  const take = (message) => {
    if (message.token !== (message.kind === "form" ? formToken : token)) return;
    if (message.kind === "form") {
      form = message;
      said.env_id ||= message.env_id;
      if (card && !box.querySelector("[role=dialog]").hidden) {
        const at = [...card.querySelectorAll("button, input, select")].indexOf(document.activeElement);
        fill();
        card.querySelectorAll("button, input, select")[Math.max(0, at)]?.focus({ preventScroll: true });
      }
    } else if (message.kind === "more") {
      piece(message.at);
    } else if (message.kind === "loaded") {
      say(status, message.text);
      file = null;
      act.loaded(message.run_id);
    } else if (message.kind === "said") {
      say(status, message.text);
    }
  };
  const nodes = made("span", "rml-mod-load");
  nodes.append(box, picker);
  return { nodes, status, take };
};
let lists = 0;

// A row of labelled controls. Python sends `spec` and `values`; what a person changes is sent back as a message, the
// newest only, and not before Python is done with the last.

export default {
  render({ model, el }) {
    el.classList.add("rml-controls");
    const prefix = `rml-${Math.random().toString(36).slice(2)}`;
    let number = 0; // of the newest message
    let waiting = false;
    let wanted = null; // values that were not sent yet
    const send = (message) => {
      waiting = true;
      number += 1;
      model.send({ ...message, number });
    };
    const change = (name, value) => {
      wanted = { ...wanted, [name]: value };
      if (!waiting) flush();
    };
    const flush = () => {
      if (!wanted) return;
      const values = wanted;
      wanted = null;
      send({ action: "change", values });
    };
    const heard = (message) => {
      if (message.kind !== "done" || message.number !== number) return;
      waiting = false;
      flush();
      if (!waiting) refresh(); // what Python made of it
    };

    const makers = {
      slider(field, id) {
        const box = element("input", { id, type: "text", inputmode: "decimal", class: "rml-number", autocomplete: "off", "aria-label": field.label, "aria-describedby": `${id}-help` });
        const within = (value) => Math.min(field.high, Math.max(field.low, value));
        const write = (value) => change(field.name, within(value)); // rounded to a step, an end can lie beyond
        const { slider, show } = makeSlider(field, box, `${id}-help`, write, write);
        box.addEventListener("change", () => {
          const typed = Number(box.value.trim().replace(",", "."));
          if (box.value.trim() === "" || !Number.isFinite(typed)) return refresh();
          const held = within(field.integer ? Math.round(typed) : typed);
          show(held);
          write(held);
        });
        const head = element("span", { class: "rml-control-head" }, element("label", { for: id }, field.label), element("span", { class: "rml-control-value" }, box, field.unit));
        return { nodes: [head, slider], show, focusable: [box, slider] };
      },
      select(field, id) {
        const select = element("select", { id, class: "rml-input", "aria-describedby": `${id}-help` }, ...field.options.map((option) => element("option", { value: option }, option)));
        select.addEventListener("change", () => change(field.name, select.value));
        return { nodes: [element("label", { for: id }, field.label), select], show: (value) => (select.value = value), focusable: [select] };
      },
      switch(field, id) {
        const box = element("input", { id, type: "checkbox", role: "switch", class: "rml-switch", "aria-describedby": `${id}-help` });
        box.addEventListener("change", () => change(field.name, box.checked));
        return { nodes: [element("label", { for: id, class: "rml-control-switch" }, box, field.label)], show: (value) => (box.checked = value), focusable: [box] };
      },
      button(field, id) {
        const button = element("button", { id, type: "button", class: `rml-button${field.primary ? " rml-primary" : ""}`, "data-again": true }, field.label);
        button.addEventListener("click", () => {
          if (button.getAttribute("aria-disabled") === "true") return;
          flush(); // what was set before it was pressed
          send({ action: "press", name: field.name });
        });
        return { nodes: [button], show: () => {}, focusable: [button] };
      },
    };

    let controls = [];
    const build = () => {
      controls = model.get("spec").map((field) => {
        const id = `${prefix}-${field.name}`;
        const control = makers[field.kind](field, id);
        const node = element("div", { class: `rml-control rml-control-${field.kind}`, title: field.hint || null, "data-name": field.name }, ...control.nodes, element("span", { id: `${id}-help`, class: "rml-unseen" }, field.hint));
        return { ...control, field, node };
      });
      el.replaceChildren(...controls.map(({ node }) => node));
      refresh();
    };
    const refresh = () => {
      const [values, off] = [model.get("values"), model.get("unavailable")];
      for (const { field, show, node, focusable } of controls) {
        if (field.kind !== "button" && !(wanted && field.name in wanted)) show(values[field.name]);
        const unavailable = off.includes(field.name);
        node.classList.toggle("rml-control-off", unavailable);
        for (const each of focusable) {
          if (field.kind === "button") each.setAttribute("aria-disabled", String(unavailable));
          else each.disabled = unavailable;
        }
      }
    };
    const follows = () => waiting || refresh();
    model.on("change:values", follows);
    model.on("change:unavailable", refresh);
    model.on("change:spec", build);
    model.on("msg:custom", heard);
    build();
    return () => {
      model.off("change:values", follows);
      model.off("change:unavailable", refresh);
      model.off("change:spec", build);
      model.off("msg:custom", heard);
    };
  },
};

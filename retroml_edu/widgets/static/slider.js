// A slider beside the box of its number, on one of three scales.

const SLIDER_STEPS = 1000;

const significant = (value) => Number(value.toPrecision(2));

// Position on the slider (0 to 1) and value, for the three scales.
const SCALES = {
  linear: {
    position: (f, v) => (v - f.low) / (f.high - f.low),
    value: (f, p) => {
      const grain = f.grain ?? (f.integer ? 1 : 10 ** Math.floor(Math.log10((f.high - f.low) / 100)));
      return Number((Math.round((f.low + p * (f.high - f.low)) / grain) * grain).toPrecision(6));
    },
  },
  log: {
    position: (f, v) => Math.log(v / f.low) / Math.log(f.high / f.low),
    value: (f, p) => {
      const exact = f.low * (f.high / f.low) ** p;
      if (!f.integer) return significant(exact);
      const power = 2 ** Math.round(Math.log2(exact));
      return Math.abs(power / exact - 1) < 0.04 ? power : Math.max(f.low, Math.round(significant(exact)));
    },
  },
  near_one: {
    position: (f, v) => Math.log((1 - v) / (1 - f.low)) / Math.log((1 - f.high) / (1 - f.low)),
    value: (f, p) => Number((1 - significant((1 - f.low) * ((1 - f.high) / (1 - f.low)) ** p)).toPrecision(8)),
  },
};
const clamp = (x) => Math.min(1, Math.max(0, Number.isFinite(x) ? x : 0));

// `write` is given a value when it is settled on; `move`, where there is one, while the slider is drawn along.
const makeSlider = (field, number, help, write, move) => {
  const scale = SCALES[field.scale];
  const slider = element("input", { type: "range", min: 0, max: SLIDER_STEPS, step: 1, class: "rml-slider", "aria-label": field.label, "aria-describedby": help });
  const preview = () => {
    const value = scale.value(field, Number(slider.value) / SLIDER_STEPS);
    number.value = shown(value, field);
    paint(value);
    return value;
  };
  const paint = (value) => {
    slider.style.setProperty("--rml-fill", `${Number(slider.value) / (SLIDER_STEPS / 100)}%`);
    slider.setAttribute("aria-valuetext", shown(value, field));
  };
  slider.addEventListener("input", () => {
    const value = preview();
    move?.(value);
  });
  slider.addEventListener("change", () => write(preview()));
  const show = (value) => {
    number.value = shown(value, field);
    slider.value = String(Math.round(SLIDER_STEPS * clamp(scale.position(field, Number(value ?? field.high)))));
    slider.classList.toggle("rml-off", value === null);
    paint(value);
  };
  // Arrow keys move by one step of the *value*, so that a key press is never swallowed by rounding.
  slider.addEventListener("keydown", (event) => {
    const turn = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!turn) return;
    event.preventDefault();
    const before = scale.value(field, Number(slider.value) / SLIDER_STEPS);
    let position = Number(slider.value);
    while (position + turn >= 0 && position + turn <= SLIDER_STEPS) {
      position += turn;
      slider.value = String(position);
      if (!same(scale.value(field, position / SLIDER_STEPS), before)) break;
    }
    write(preview());
  });
  return { slider, show };
};

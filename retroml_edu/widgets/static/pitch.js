// The return as pitch: the curve up to now as a row of tones, then a quiet tone for each new value.
// One player a chart, whatever the number of its views; sound is asked for only once somebody has pressed the button.

const HEARD = "retroml_edu hear the return";
const LOWEST_HZ = 220;
const OCTAVES = 3;
const TONES = 28;
const BETWEEN_S = 0.125; // of the tones of a curve: three and a half seconds in all
const TONE_S = 0.11;
const SOONEST_S = 0.25; // between two new values
const LOUD = 0.09;
const QUIET = 0.04;
const CLICK_S = 0.02;
const EXPLAINED =
  "Play the mean return as tones, the higher the return the higher the tone, then a quiet tone for each new value. A click is where the goal lies.";

// `curve` returns {step, value, goal}; returns what a chart needs: a button for each view, and to be told of news.
const makePitch = (curve) => {
  let on = remembered.get(HEARD) === "1";
  let context = null;
  let playing = [];
  let lastTone = 0;
  let lastStep = null; // of the newest value that was heard or was there before
  let above = true; // whether that value had reached the goal
  const views = new Set();

  // A page may make sound only after a press or a key somewhere in it.
  const sound = () => {
    if (!context && navigator.userActivation?.hasBeenActive !== false) context = new AudioContext();
    if (context?.state === "suspended") context.resume();
    return context;
  };
  const hush = () => {
    playing.forEach((node) => node.stop());
    playing = [];
    lastTone = 0;
  };
  const keep = (node) => {
    playing.push(node);
    node.onended = () => (playing = playing.filter((other) => other !== node));
  };
  const span = ({ value }) => {
    let [low, high] = [Infinity, -Infinity];
    for (const one of value) {
      if (one < low) low = one; // what is no number compares with nothing
      if (one > high) high = one;
    }
    return [low, high];
  };
  const frequency = (value, [low, high]) => LOWEST_HZ * 2 ** (OCTAVES * (high > low ? (value - low) / (high - low) : 0.5));
  const tone = (hertz, at, volume) => {
    if (!Number.isFinite(hertz)) return; // a return that is no number has no tone
    const [oscillator, gain] = [context.createOscillator(), context.createGain()];
    oscillator.type = "triangle";
    oscillator.frequency.value = hertz;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(volume, at + 0.015);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + TONE_S);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(at + TONE_S);
    keep(oscillator);
  };
  const click = (at) => {
    const length = Math.ceil(context.sampleRate * CLICK_S);
    const buffer = context.createBuffer(1, length, context.sampleRate);
    const samples = buffer.getChannelData(0);
    for (let i = 0; i < length; i++) samples[i] = (2 * Math.random() - 1) * (1 - i / length) * LOUD;
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination);
    source.start(at);
    keep(source);
  };

  // Evenly along the steps, so that the ear hears the curve as the eye sees it.
  const sampled = ({ step, value }) => {
    const [first, last] = [step[0], step.at(-1)];
    let at = 0;
    return Array.from({ length: TONES }, (_, i) => {
      const wanted = first + ((last - first) * i) / (TONES - 1);
      while (at < step.length - 1 && step[at] < wanted) at++;
      if (at === 0) return value[0];
      const way = Math.min(1, (wanted - step[at - 1]) / (step[at] - step[at - 1] || 1));
      return value[at - 1] + way * (value[at] - value[at - 1]);
    });
  };
  const play = () => {
    const now = curve();
    if (now.step.length < 2) return;
    const limits = span(now);
    const start = context.currentTime + 0.05;
    sampled(now).forEach((value, i) => tone(frequency(value, limits), start + i * BETWEEN_S, LOUD));
    const reached = now.goal === null ? -1 : now.value.findIndex((value) => value >= now.goal);
    if (reached >= 0) {
      const way = (now.step[reached] - now.step[0]) / (now.step.at(-1) - now.step[0] || 1);
      click(start + way * (TONES - 1) * BETWEEN_S);
    }
    lastTone = start + TONES * BETWEEN_S; // new values wait until the curve has been played
  };

  const note = ({ step, value, goal }) => {
    lastStep = step.at(-1) ?? null;
    above = goal === null || value.at(-1) >= goal;
  };
  const words = () => {
    const now = curve();
    const then = "Then a quiet tone for each new value while it trains.";
    if (!context && !globalThis.AudioContext) return "This browser plays no sound.";
    if (now.step.length < 2) return `There is no curve yet. ${then}`;
    const [low, high] = span(now);
    const goal = now.goal === null ? "" : high >= now.goal ? ` The click is the goal, ${score(now.goal)}.` : ` The goal, ${score(now.goal)}, is not reached.`;
    return `Tones from low to high: mean returns from ${score(low)} to ${score(high)}, up to step ${whole(now.step.at(-1))}.${goal} ${then}`;
  };
  const refresh = (told) => views.forEach((view) => view(told));
  const toggle = () => {
    on = !on;
    remembered.set(HEARD, on ? "1" : "0");
    hush();
    note(curve());
    if (on && globalThis.AudioContext && sound()) play();
    refresh(on ? words() : "");
  };
  const release = () => {
    hush();
    context?.close();
    context = null;
  };

  return {
    // A view of the chart: adds the button and the line that says what is heard; returns what takes them away.
    show: (head, after) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "rml-hear";
      button.textContent = "Hear the return";
      button.title = EXPLAINED;
      button.addEventListener("click", toggle);
      const caption = document.createElement("p");
      caption.className = "rml-heard";
      caption.setAttribute("role", "status");
      head.append(button);
      after.before(caption);
      const view = (told) => {
        button.setAttribute("aria-pressed", String(on));
        caption.textContent = told;
        caption.hidden = !told;
      };
      view("");
      views.add(view);
      return () => {
        views.delete(view);
        if (!views.size) release();
      };
    },
    // A new value of the curve, while it trains.
    heard: () => {
      const now = curve();
      const [stepBefore, aboveBefore] = [lastStep, above];
      note(now);
      const isNew = lastStep !== null && lastStep > (stepBefore ?? -1);
      if (!isNew || !on || !views.size || !globalThis.AudioContext || !sound()) return;
      if (above && !aboveBefore) click(context.currentTime);
      if (context.currentTime < lastTone + SOONEST_S) return;
      lastTone = context.currentTime;
      tone(frequency(now.value.at(-1), span(now)), context.currentTime, QUIET);
    },
    // Another curve, or the end of this one.
    hush: () => {
      hush();
      note(curve());
    },
  };
};

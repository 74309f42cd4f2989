// A window of a curve that is marked in the chart: a band over its steps, with a few words.
// `mark`: {metric, first, last, label, line, curve}; `curve` comes along where the metric has no panel of its own.

const LEFT = 1 / 3;
const RIGHT = 2 / 3;

const addMark = ({ places, band, line, label }, traces, layout, mark) => {
  const place = places[mark.metric];
  if (!place) return;
  const [xref, yref] = [`x${place.axis}`, `y${place.axis}`];
  if (mark.curve) showGuest(place, traces, layout, mark);
  const window = { xref, x0: mark.first, x1: mark.last };
  layout.shapes = [...(layout.shapes ?? []), { ...band, ...window, yref: `${yref} domain` }];
  if (mark.line !== null) layout.shapes.push({ ...line, ...window, yref, y0: mark.line, y1: mark.line });
  // The words stay within the panel, wherever the window is.
  const reach = Math.max(...traces.map(({ x }) => x.at(-1) ?? 0), mark.last);
  const middle = (mark.first + mark.last) / 2;
  const [x, xanchor] = middle < LEFT * reach ? [mark.first, "left"] : middle > RIGHT * reach ? [mark.last, "right"] : [middle, "center"];
  layout.annotations.push({ ...label, xref, yref: `${yref} domain`, x, xanchor, text: mark.label });
};

// A metric without a panel of its own takes the place of its nearest relation as long as it is marked.
const showGuest = (place, traces, layout, { metric, curve }) => {
  const own = traces.flatMap(({ xaxis }, i) => (xaxis === `x${place.axis}` ? [i] : []));
  own.forEach((i) => (traces[i] = { ...traces[i], x: [], y: [] }));
  const last = own.at(-1);
  traces[last] = { ...traces[last], x: curve.step, y: curve.value };
  layout.annotations[place.heading].text = place.title;
  layout.annotations[place.waiting].visible = false;
  // A zoom of the other curve is not for this one.
  Object.assign(layout[`yaxis${place.axis}`], { uirevision: metric, showticklabels: true, showgrid: true });
};

// plotly.js, once a page, whatever the number of charts: the library is five megabytes; and what charts of it share.

const CONFIG = { displaylogo: false };

// The place of the one copy: a promise that a chart which brings the library fulfils.
const plotlyPlace = (model) => {
  const key = Symbol.for(`retroml_edu place of plotly ${model.get("plotly_version")}`);
  if (!globalThis[key]) {
    const place = (globalThis[key] = { loading: false });
    place.promise = new Promise((resolve, reject) => Object.assign(place, { resolve, reject }));
  }
  return globalThis[key];
};

// What the library leaves under its name is put back as it was: a page may have a copy of its own.
const loadPlotlyFrom = (place, code) => {
  if (place.loading) return;
  place.loading = true;
  const others = globalThis.Plotly;
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  import(/* webpackIgnore: true */ url).then(() => {
    URL.revokeObjectURL(url);
    place.resolve(globalThis.Plotly);
    globalThis.Plotly = others;
  }, place.reject);
};

const loadPlotly = (model) => {
  const place = plotlyPlace(model);
  loadPlotlyFrom(place, model.get("plotly"));
  return place.promise;
};

// Columns of numbers as they come from Python.
const floats = (view) => new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

const cut = (values, counts) => {
  let at = 0;
  return counts.map((count) => values.subarray(at, (at += count)));
};

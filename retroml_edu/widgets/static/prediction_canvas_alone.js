// The canvas as a widget of its own.

export default { render: ({ model, el }) => makeCanvas(model, el) };

/* What the reader has chosen: layers (none chosen means all) and the window of time. */
const state = { layers: new Set(), window: [0, 100] };
const listeners = [];

function onChange(listener) { listeners.push(listener); }
function changed() { for (const listener of listeners) listener(); }

function isChosen(layer) { return state.layers.size === 0 || state.layers.has(layer); }

function toggleLayer(layer) {
  if (layer < 0) return;
  if (!state.layers.delete(layer)) state.layers.add(layer);
  changed();
}

function chooseLayers(layers) {
  const same = layers.length === state.layers.size && layers.every((i) => state.layers.has(i));
  state.layers = new Set(same ? [] : layers);
  changed();
}

/* Series over time from the activity of every visit, for the chosen layers. */
const cache = new Map();
onChange(() => cache.clear());

function remembered(key, make) {
  if (!cache.has(key)) cache.set(key, make());
  return cache.get(key);
}

function binWidth(b) { return Math.min((b + 1) * data.activity.bin_s, data.latency_s) - b * data.activity.bin_s; }
function binStart(b) { return b * data.activity.bin_s; }

/* Calls use(visit, bin, busy share) for every visit of the chosen layers while it is busy. */
function eachShare(use, keep = (v) => isChosen(data.activity.visit_layer[v])) {
  const { n_bins: n, share, visit_scale: scale, visit_layer: layer } = data.activity;
  for (let v = 0; v < layer.length; v++) {
    if (!keep(v)) continue;
    const unit = scale[v] / 255;
    for (let b = 0, i = v * n; b < n; b++, i++) if (share[i]) use(v, b, share[i] * unit);
  }
}

/* Busy share of each resource in each bin: one row of n bins per resource. Bins hold the times of visits, and a
   visit may occupy a resource before it begins: a single bin may exceed 1, the mean may not. */
function resourceSeries() {
  return remembered("resources", () => {
    const { n_bins: n, visit_start: start, visit_resource: resource, visit_part: part } = data.activity;
    const { servers } = data.resources;
    const rows = new Float32Array(servers.length * n);
    eachShare((v, b, share) => {
      for (let i = start[v]; i < start[v + 1]; i++) rows[resource[i] * n + b] += share * part[i] / servers[resource[i]];
    });
    return rows;
  });
}

/* Mean of each resource over the latency. */
function resourceBusy() {
  return remembered("busy", () => {
    const n = data.activity.n_bins;
    const rows = resourceSeries();
    return Float64Array.from(data.resources.servers, (_, r) => {
      let sum = 0;
      for (let b = 0; b < n; b++) sum += rows[r * n + b] * binWidth(b);
      return sum / data.latency_s;
    });
  });
}

function classes() { return [...new Set(data.resources.class)].sort(); }

/* Busy share of each class over time, every resource counted as often as the units it stands for. */
function classSeries() {
  return remembered("classes", () => {
    const n = data.activity.n_bins;
    const rows = resourceSeries();
    const found = new Map(classes().map((name) => [name, { units: 0, values: new Float64Array(n) }]));
    data.resources.class.forEach((name, r) => {
      const entry = found.get(name);
      entry.units += data.resources.units[r];
      for (let b = 0; b < n; b++) entry.values[b] += rows[r * n + b] * data.resources.units[r];
    });
    for (const entry of found.values()) for (let b = 0; b < n; b++) entry.values[b] = Math.min(1, entry.values[b] / entry.units);
    return found;
  });
}

/* Dynamic power in each bin. */
function powerSeries() {
  return remembered("power", () => {
    const power = new Float64Array(data.activity.n_bins);
    eachShare((v, b, share) => { power[b] += share * data.activity.visit_power_w[v]; });
    return power;
  });
}

/* For each layer, the resource that it keeps busiest and how busy over time: independent of the choice. */
let layerRows;
function layerSeries() {
  if (layerRows) return layerRows;
  const { n_bins: n, visit_layer: layer, visit_start: start, visit_resource: resource, visit_part: part } = data.activity;
  const total = new Map();
  const add = (v, share, into) => {
    for (let i = start[v]; i < start[v + 1]; i++) into(resource[i], share * part[i] / data.resources.servers[resource[i]]);
  };
  eachShare((v, b, share) => add(v, share * binWidth(b), (r, busy) => {
    const key = layer[v] * data.resources.servers.length + r;
    total.set(key, (total.get(key) || 0) + busy);
  }), () => true);
  const best = new Map();
  for (const [key, busy] of total) {
    const i = Math.floor(key / data.resources.servers.length);
    if (!best.has(i) || busy > best.get(i).busy) best.set(i, { resource: key % data.resources.servers.length, busy });
  }
  for (const entry of best.values()) entry.values = new Float32Array(n);
  eachShare((v, b, share) => add(v, share, (r, busy) => {
    const entry = best.get(layer[v]);
    if (entry.resource === r) entry.values[b] = Math.min(1, entry.values[b] + busy);
  }), () => true);
  layerRows = best;
  return best;
}

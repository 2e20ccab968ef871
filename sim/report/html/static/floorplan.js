/* The chips from above: tiles, what lies beside them, links. */
const plan = { mode: "utilization", part: "(busiest)", links: true };

function showFloorplan() {
  const floor = data.floorplan;
  const parts = partsOnTiles();
  const modes = floor.has_tiles ? [["utilization", "Utilization"], ["energy", "Energy"], ["layer", "Layer"],
    ...(floor.buffers.length ? [["buffer", "Buffer"]] : [])] : [];
  const pick = dropdown("Part of the tile", [["(busiest)", "busiest part"], ...parts.map((p) => [p, p])], plan.part,
    (part) => { plan.part = part; redraw(entry); });
  const controls = floor.has_tiles ? [segments("Colour of the tiles", modes, plan.mode, (mode) => {
    plan.mode = mode;
    pick.hidden = mode !== "utilization";
    redraw(entry);
  }), pick] : [];
  const zoom = [["+", 0.6], ["−", 1 / 0.6], ["⤢", 0]].map(([text, factor]) => {
    const names = { "+": "Zoom in", "−": "Zoom out", "⤢": "Show all" };
    const button = element("button", { type: "button", className: "tool", textContent: text, title: names[text], "aria-label": names[text] });
    button.onclick = () => zoomPlan(entry, factor);
    return button;
  });
  const card = section("floorplan", "Floorplan", "", ...controls,
    toggle("Links", true, (on) => { plan.links = on; redraw(entry); }), ...zoom);
  const lead = element("p", { className: "lead" });
  const legend = element("div", { className: "legend" });
  const [wide, high] = planLayout(1000).total;
  const beside = wide < 2 * high;
  const left = element("div", {});
  const right = element("div", {}, element("h3", { textContent: "Busiest resources" }));
  card.append(lead, element("div", { className: beside ? "two plan" : "" }, left, right));
  const entry = chart(left, "floorplan-chart", (one) => planOption(one, lead, legend),
    { height: planHeight, click: clickPlan });
  left.append(legend);
  chart(right, "busiest-chart", (one) => busiestOption(one, busiest(beside)), { height: () => 40 + 24 * Math.max(1, busiest(beside).length) });
}

/* The busiest resources for the chosen layers. */
function busiest(beside) {
  const busy = resourceBusy();
  return [...busy.keys()].filter((r) => busy[r] > 0).sort((a, b) => busy[b] - busy[a]).slice(0, beside ? 22 : 10);
}

function busiestOption(entry, rows) {
  const left = entry.node.clientWidth > 700 ? 260 : 150;
  const busy = resourceBusy();
  const names = data.resources.name;
  return {
    grid: { left, right: 44, top: 4, bottom: 26 },
    tooltip: { trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { opacity: 0.12 } },
      formatter: ([{ dataIndex: i }]) => tip(names[rows[i]], [["class", data.resources.class[rows[i]]], ["busy", percent(busy[rows[i]])]]) },
    xAxis: { type: "value", min: 0, max: (range) => Math.min(1, range.max * 1.05), splitNumber: 4, axisLabel: { formatter: (x) => percent(x), showMaxLabel: false } },
    yAxis: { type: "category", inverse: true, data: rows.map((r) => names[r]), splitLine: { show: false },
      axisLabel: { interval: 0, hideOverlap: false, formatter: fitting(left) } },
    series: [{ type: "bar", barCategoryGap: "30%", emphasis: { disabled: true },
      label: { show: true, position: "right", color: css("--muted"), fontSize: 11.5, formatter: (p) => percent(p.value) },
      data: rows.map((r) => ({ value: busy[r], itemStyle: { color: colourOf(data.resources.class[r]), borderRadius: 2 } })) }],
  };
}

function partsOnTiles() {
  return [...new Set(data.floorplan.cover.map(([r]) => data.resources.class[r]))].sort();
}

/* Where the chips and the boxes beside them lie; chips are stacked where the page is narrow. */
function planLayout(width) {
  const floor = data.floorplan;
  const outside = floor.boxes.filter((box) => box.chip < 0);
  const names = [...new Set(floor.boxes.filter((box) => box.chip >= 0).map((box) => box.name))];
  const [w, h] = floor.has_tiles ? floor.size : [3.6 * Math.min(3, names.length), 0];
  const perRow = Math.max(1, Math.min(names.length, Math.floor(w / 3)));
  const tall = h + 1.5 * Math.ceil(names.length / perRow);
  const [rows, cols] = chipGrid(width);
  const [gap, left] = [Math.max(1.4, w * 0.08), outside.length ? 3.6 : 0.4];
  const origin = (chip) => [left + (chip % cols) * (w + gap), 0.9 + Math.floor(chip / cols) * (tall + gap + 0.6)];
  const box = ({ chip, name }) => {
    if (chip < 0) return [0, 0.9 + 1.7 * outside.findIndex((one) => one.name === name), 2.8, 1.3];
    const i = names.indexOf(name);
    const [x, y] = origin(chip);
    return [x + (i % perRow) * (w / perRow) + 0.1, y + h + 0.2 + 1.5 * Math.floor(i / perRow), w / perRow - 0.2, 1.2];
  };
  const total = [left + cols * (w + gap) - gap + 0.4, 0.9 + rows * (tall + gap + 0.6) - gap - 0.6 + 0.4];
  return { origin, box, chip: [w, tall], tiles: [w, h], total: [total[0], Math.max(total[1], 0.9 + 1.7 * outside.length)] };
}

/* Rows and columns of chips: as they are linked, or as fits. */
function chipGrid(width) {
  const { n_chips: n, chip_grid: [rows, cols] } = data.floorplan;
  if (width < 640) return [n, 1];
  if (rows > 1 || cols <= 4) return [rows, cols];
  return [Math.ceil(n / Math.ceil(Math.sqrt(n))), Math.ceil(Math.sqrt(n))];
}

const MOST_PIXELS = 58;

function planHeight(width) {
  const { total } = planLayout(width);
  const scale = Math.min(MOST_PIXELS, (width - 16) / total[0]);
  return Math.round(Math.max(150, Math.min(width < 640 ? 1400 : 640, scale * total[1] + 16)));
}

/* Middle of a node: of a tile or router, of the host, of what joins the chips. */
function node([chip, x, y], layout) {
  if (chip === -2) return [layout.total[0] / 2, layout.total[1] / 2];
  if (chip === -1) {
    const [left, top, w, h] = layout.box({ chip, name: "host" });
    return [left + w, top + h / 2];
  }
  const [left, top] = layout.origin(chip);
  return data.floorplan.has_tiles ? [left + x, top + y] : [left, top + layout.chip[1] / 2];
}

function tileUtilization() {
  return remembered("tiles", () => {
    const busy = resourceBusy();
    const n = data.floorplan.tiles.length * data.floorplan.n_chips;
    const found = new Map(partsOnTiles().map((name) => [name, new Float64Array(n)]));
    for (const [r, tile, units, all] of data.floorplan.cover) {
      found.get(data.resources.class[r])[tile] += busy[r] * units / all;
    }
    return found;
  });
}

/* Energy by tile: a layer's energy but for what is not spent in tiles, by the share of each tile. */
function tileEnergy() {
  return remembered("tile energy", () => {
    const elsewhere = new Set(data.floorplan.off_tile);
    const inTiles = new Float64Array(data.layers.length);
    for (const [layer, component, action, joules] of data.energy) {
      if (isChosen(layer) && action !== "(static)" && !elsewhere.has(component)) inTiles[layer] += joules;
    }
    const found = new Float64Array(data.floorplan.tiles.length * data.floorplan.n_chips);
    let total = 0;
    for (const [layer, energy] of inTiles.entries()) {
      for (const [tile, share] of layersOnTiles()[layer]) {
        found[tile] += energy * share;
        total += energy * share;
      }
    }
    found.total = total;
    return found;
  });
}

let onTiles;
function layersOnTiles() {
  onTiles ??= data.layers.map((layer) => data.floorplan.layer_tiles[layer.name] ?? []);
  return onTiles;
}

/* Layers of each tile, those with the largest share of the tile first. */
let ofTiles;
function layersOfTile(tile) {
  if (!ofTiles) {
    ofTiles = new Map();
    layersOnTiles().forEach((tiles, layer) => tiles.forEach(([t, share]) => {
      if (!ofTiles.has(t)) ofTiles.set(t, []);
      ofTiles.get(t).push([layer, share]);
    }));
  }
  return ofTiles.get(tile) ?? [];
}

/* Fill colours of every tile: several where several layers share it. */
function tileFills() {
  const n = data.floorplan.tiles.length * data.floorplan.n_chips;
  const stops = UTILIZATION[theme()];
  const empty = css("--soft");
  if (plan.mode === "layer") {
    return { fills: Array.from({ length: n }, (_, t) => {
      const here = layersOfTile(t).filter(([i]) => isChosen(i) && data.layers[i].unit === "crossbar");
      const shown = here.length ? here : layersOfTile(t).filter(([i]) => isChosen(i)).slice(0, 1);
      return shown.length ? shown.map(([i]) => layerColour(i, data.layers.length)) : [empty];
    }), note: "" };
  }
  let values;
  let note;
  let top = 1;
  if (plan.mode === "energy") {
    values = tileEnergy();
    top = Math.max(...values) || 1;
    note = `${si(values.total, "J")} of ${si(data.energy_j, "J")} per inference are spent in tiles; a layer's energy is spread ` +
      "over its tiles by the crossbars that it has there. Links, memory, host and static power are left out.";
  } else if (plan.mode === "buffer") {
    values = new Float64Array(n);
    for (const [tile, peak, capacity] of data.floorplan.buffers) values[tile] = peak / capacity;
    note = "Most bytes that were in the buffer of each tile at any instant, as a share of its capacity.";
  } else {
    const all = tileUtilization();
    values = plan.part === "(busiest)"
      ? Float64Array.from({ length: n }, (_, t) => Math.max(0, ...[...all.values()].map((part) => part[t])))
      : all.get(plan.part);
    note = plan.part === "(busiest)"
      ? "Each tile shows its busiest part: busy share of the latency, over all units of that kind in the tile."
      : `Busy share of the latency: ${plan.part}, over all units of the tile (unused ones count as idle).`;
  }
  if (plan.mode !== "energy") top = Math.max(...values) || 1;
  return { fills: Array.from(values, (value) => [value > 0 ? ramp(stops, value / top) : empty]), note, top, values };
}

function linkLoads() {
  const busy = resourceBusy();
  return data.floorplan.links.map(([r]) => busy[r]);
}

function planOption(entry, lead, legend) {
  const layout = planLayout(entry.node.clientWidth);
  const tiles = tileFills();
  const loads = linkLoads();
  const most = Math.max(...loads, 1e-9);
  planLegend(legend, tiles, most);
  const hint = TOUCH ? "" : " Click a tile to filter by its layers; Ctrl and wheel to zoom, drag to move.";
  lead.textContent = data.floorplan.has_tiles ? tiles.note + hint : "Busy share of the latency of each part.";
  const [width, height] = [entry.node.clientWidth - 12, entry.node.clientHeight - 12];
  const scale = Math.min(width / layout.total[0], height / layout.total[1]);
  const [padX, padY] = [(width / scale - layout.total[0]) / 2, (height / scale - layout.total[1]) / 2];
  const axis = { type: "value", show: false, axisPointer: { show: false } };
  const inside = { type: "inside", filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseMove: !TOUCH, preventDefaultMouseMove: !TOUCH };
  return {
    grid: { left: 6, right: 6, top: 6, bottom: 6 },
    tooltip: { trigger: "item", formatter: planTip },
    xAxis: { ...axis, min: -padX, max: layout.total[0] + padX },
    yAxis: { ...axis, min: -padY, max: layout.total[1] + padY, inverse: true },
    dataZoom: TOUCH ? [{ ...inside, id: "x", xAxisIndex: 0, disabled: true }, { ...inside, id: "y", yAxisIndex: 0, disabled: true }]
      : [{ ...inside, id: "x", xAxisIndex: 0 }, { ...inside, id: "y", yAxisIndex: 0 }],
    series: [frames(layout), tileSeries(layout, tiles), boxSeries(layout), linkSeries(layout, loads, most)],
  };
}

function rectangle(api, x, y, w, h) {
  const [left, top] = api.coord([x, y]);
  const [right, bottom] = api.coord([x + w, y + h]);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function custom(name, items, renderItem, more = {}) {
  return { name, type: "custom", coordinateSystem: "cartesian2d", clip: true, progressive: 0, renderItem,
    encode: { x: 0, y: 1 }, data: items, ...more };
}

/* Outline and name of each chip, and wires that carry nothing. */
function frames(layout) {
  const { n_chips: n, wires } = data.floorplan;
  const [line, muted, card] = ["--line", "--muted", "--card"].map(css);
  return custom("frames", Array.from({ length: n }, (_, i) => [0, 0, i]), (params, api) => {
    const [x, y] = layout.origin(api.value(2));
    const shape = rectangle(api, x - 0.25, y - 0.25, layout.chip[0] + 0.5, layout.chip[1] + 0.5);
    const name = n > 1 ? `chip ${api.value(2)}` : data.chip;
    return { type: "group", children: [
      { type: "rect", shape: { ...shape, r: 6 }, style: { fill: card, stroke: line } },
      { type: "text", style: { text: name, x: shape.x + 2, y: shape.y - 5, textVerticalAlign: "bottom", fill: muted, fontSize: 12 } },
      ...(plan.links ? wires.map(([x1, y1, x2, y2]) => {
        const [a, b] = [api.coord([x + x1, y + y1]), api.coord([x + x2, y + y2])];
        return { type: "line", shape: { x1: a[0], y1: a[1], x2: b[0], y2: b[1] }, style: { stroke: line, lineWidth: 1 }, z2: 1 };
      }) : []),
    ] };
  }, { silent: true, z: 1 });
}

function tileSeries(layout, { fills }) {
  const per = data.floorplan.tiles.length;
  const items = data.floorplan.has_tiles ? fills.map((_, t) => {
    const [x, y] = data.floorplan.tiles[t % per];
    const [left, top] = layout.origin(Math.floor(t / per));
    return [left + x, top + y, t];
  }) : [];
  const line = css("--line");
  return custom("tile", items, (params, api) => {
    const colours = fills[api.value(2)];
    const shape = rectangle(api, api.value(0) + 0.04, api.value(1) + 0.04, 0.92, 0.92);
    const step = shape.width / colours.length;
    return { type: "group", children: colours.map((fill, i) => ({ type: "rect",
      shape: { x: shape.x + i * step, y: shape.y, width: step, height: shape.height, r: colours.length > 1 ? 0 : Math.min(3, step / 8) },
      style: { fill, stroke: line, lineWidth: colours.length > 1 ? 0 : 0.7 } })) };
  }, { z: 2 });
}

function boxSeries(layout) {
  const busy = resourceBusy();
  const stops = UTILIZATION[theme()];
  const [line, text] = ["--line", "--text"].map(css);
  return custom("box", data.floorplan.boxes.map((b, i) => [...layout.box(b).slice(0, 2), i]), (params, api) => {
    const b = data.floorplan.boxes[api.value(2)];
    const shape = rectangle(api, ...layout.box(b));
    const share = busy[b.resource] ?? 0;
    const ink = share > 0.45 ? (theme() === "dark" ? "#0e141b" : "#ffffff") : text;
    return { type: "group", children: [
      { type: "rect", shape: { ...shape, r: 4 }, style: { fill: ramp(stops, share), stroke: line } },
      { type: "text", style: { text: b.resource < 0 ? b.name : `${b.name} ${percent(share)}`, x: shape.x + shape.width / 2, y: shape.y + shape.height / 2, fill: ink, fontSize: 11.5,
        textAlign: "center", textVerticalAlign: "middle", width: shape.width - 4, overflow: "truncate" } }] };
  }, { z: 2 });
}

/* Links as lines, the two directions side by side, loaded ones wide. */
function linkSeries(layout, loads, most) {
  const stops = LOAD[theme()];
  const items = plan.links ? data.floorplan.links.map((link, i) => [...node(link.slice(1, 4), layout), i]).filter(([, , i]) => loads[i] > 0) : [];
  items.sort((a, b) => loads[a[2]] - loads[b[2]]);
  return custom("link", items, (params, api) => {
    const link = data.floorplan.links[api.value(2)];
    const share = loads[api.value(2)];
    const [a, b] = [node(link.slice(1, 4), layout), node(link.slice(4, 7), layout)].map((p) => api.coord(p));
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
    const unit = Math.abs(api.size([1, 1])[0]);
    const aside = Math.min(5, unit * 0.09);
    const [dx, dy] = [-(b[1] - a[1]) / length * aside, (b[0] - a[0]) / length * aside];
    const local = link[7] === "inject" || link[7] === "eject";
    return { type: "line", shape: { x1: a[0] + dx, y1: a[1] + dy, x2: b[0] + dx, y2: b[1] + dy },
      style: { stroke: ramp(stops, 0.12 + 0.88 * share / most), lineWidth: (local ? 0.8 : 1.2) + (local ? 1.6 : 4) * Math.min(1, unit / 36) * share / most, lineCap: "round" },
      emphasis: { style: { stroke: css("--accent"), lineWidth: 5 } } };
  }, { z: 3 });
}

function planTip(event) {
  const i = event.value[2];
  if (event.seriesName === "link") {
    const [r, , , , , , , kind] = data.floorplan.links[i];
    return tip(data.resources.name[r], [["load", percent(resourceBusy()[r])], ["kind", { mesh: "between routers", chip: "between chips" }[kind] ?? kind]]);
  }
  if (event.seriesName === "box") {
    const b = data.floorplan.boxes[i];
    return tip(b.chip < 0 ? b.name : `chip ${b.chip} ${b.name}`, b.resource < 0 ? [] : [["busy", percent(resourceBusy()[b.resource])]]);
  }
  const here = layersOfTile(i).filter(([layer]) => isChosen(layer));
  const parts = [...tileUtilization()].map(([name, values]) => [name, values[i]]).filter(([, value]) => value > 0).sort((a, b) => b[1] - a[1]);
  return tip(`tile ${i}`, [...here.slice(0, 6).map(([layer, share]) => [shorten(data.layers[layer].name, 28), `${percent(share)} of the layer`]),
    ...(here.length > 6 ? [["", `and ${here.length - 6} more layers`]] : []),
    ...parts.map(([name, value]) => [name, `${percent(value)} busy`]),
    ...data.floorplan.buffers.filter(([tile]) => tile === i).map(([, peak, capacity]) => ["buffer at most", `${si(peak, "B")} of ${si(capacity, "B")}`]),
    ["energy", si(tileEnergy()[i], "J")]]);
}

function planLegend(legend, tiles, most) {
  const scale = (name, low, high, stops) => element("span", {}, `${name} ${low}`, element("span", { className: "ramp", style: `background:${rampCss(stops)}` }), high);
  legend.replaceChildren();
  if (plan.mode === "layer") legend.append("Colours follow the network from its first layer (blue) to its last (green); a tile of several layers is striped.");
  else if (data.floorplan.has_tiles) legend.append(scale({ energy: "Energy of a tile", buffer: "Buffer full" }[plan.mode] ?? "Tile busy", "0", plan.mode === "energy" ? si(tiles.top, "J") : percent(tiles.top), UTILIZATION[theme()]));
  else legend.append(scale("Busy", "0", "100 %", UTILIZATION[theme()]));
  if (plan.links && data.floorplan.links.length) legend.append(scale("Link load", "0", percent(most), LOAD[theme()]));
}

function clickPlan(event) {
  if (event.seriesName === "tile") chooseLayers(layersOfTile(event.value[2]).map(([layer]) => layer));
}

function zoomPlan(entry, factor) {
  if (!entry.plot) return;
  entry.plot.getOption().dataZoom.forEach(({ start, end }, i) => {
    const half = factor ? Math.min(50, (end - start) * factor / 2) : 50;
    const middle = factor ? Math.min(100 - half, Math.max(half, (start + end) / 2)) : 50;
    entry.plot.dispatchAction({ type: "dataZoom", dataZoomIndex: i, start: middle - half, end: middle + half });
  });
}

views.push(showFloorplan);

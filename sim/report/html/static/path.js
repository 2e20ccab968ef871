/* The critical path: what the latency is made of, and as a staircase over time. */
const path = { by: "class" };
const CAUSES = { start: "begins the run", arrival: "the inference arrives", chain: "next step of the same work", resource: "queued behind other work",
  token: "its input arrived", room: "room for its output came free", previous: "the work before it let it go", slot: "its time slot came" };

function showPath() {
  const card = section("path", "Critical path", `The chain of steps that made the inference as long as it is: the pieces add up to ${si(data.latency_s, "s")}.`,
    segments("By", [["class", "Resource"], ["layer", "Layer"], ["cause", "Cause"]], path.by, (by) => { path.by = by; redraw(sums); }));
  const two = element("div", { className: "two" });
  card.append(two);
  const sums = chart(two, "path-sums", pathSumsOption, { height: 460, click: (event) => {
    if (path.by === "layer") toggleLayer(data.layers.findIndex((layer) => layer.name === (event.componentType === "yAxis" ? event.value : event.name)));
  } });
  chart(two, "path-chart", staircaseOption, { height: 460, time: true, click: (event) => {
    if (event.componentType === "series") toggleLayer(data.path.layer[event.value[2]]);
    else toggleLayer(data.layers.findIndex((layer) => layer.name === event.value));
  } });
}

function pathName(i, by) {
  if (by === "class") return data.path.classes[data.path.class[i]];
  if (by === "cause") return CAUSES[data.path.causes[data.path.cause[i]]] ?? data.path.causes[data.path.cause[i]];
  return data.layers[data.path.layer[i]]?.name ?? "(arrival)";
}

function pathSums(by) {
  const found = new Map();
  for (let i = 0; i < data.path.layer.length; i++) {
    if (!isChosen(data.path.layer[i])) continue;
    const name = pathName(i, by);
    found.set(name, (found.get(name) ?? 0) + data.path.duration_s[i]);
  }
  return [...found].sort((a, b) => b[1] - a[1]).slice(0, 18);
}

function pathSumsOption() {
  const sums = pathSums(path.by);
  const left = { class: 84, layer: 150, cause: 190 }[path.by];
  return {
    grid: { left, right: 52, top: 8, bottom: 28 },
    tooltip: { trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { opacity: 0.12 } },
      formatter: ([p]) => tip(p.name, [["on the path", si(p.value, "s")], ["of the latency", percent(p.value / data.latency_s)]]) },
    xAxis: { type: "value", splitNumber: 3, axisLabel: { formatter: (t) => axisSi(t, "s") } },
    yAxis: { type: "category", inverse: true, triggerEvent: true, data: sums.map(([name]) => name), splitLine: { show: false },
      axisLabel: { interval: 0, hideOverlap: false, formatter: fitting(left) } },
    series: [{ type: "bar", barCategoryGap: "28%", emphasis: { disabled: true }, label: { show: true, position: "right", color: css("--muted"), fontSize: 11.5, formatter: (p) => percent(p.value / data.latency_s) },
      data: sums.map(([name, value]) => ({ value, itemStyle: { color: path.by === "class" ? colourOf(name) : css("--accent"), borderRadius: 2 } })) }],
  };
}

function staircaseOption(entry) {
  const narrow = entry.node.clientWidth < 600;
  const { layer, start_s: start, duration_s: duration, class: klass, classes: names } = data.path;
  const rows = [...new Set(layer)].filter((i) => i >= 0 && isChosen(i)).sort((a, b) => a - b);
  const at = new Map(rows.map((i, y) => [i, y]));
  const pieces = [];
  for (let i = 0; i < layer.length; i++) if (at.has(layer[i])) pieces.push([start[i], at.get(layer[i]), i]);
  const left = narrow ? 92 : 150;
  const every = Math.max(1, Math.ceil(rows.length / 28));
  return {
    grid: { left, right: 24, top: 34, bottom: 52 },
    legend: { data: names.map((name) => ({ name, itemStyle: { color: colourOf(name) } })), selectedMode: false },
    tooltip: { trigger: "item", formatter: (event) => {
      const i = event.value[2];
      return tip(pathName(i, "layer"), [["resource", pathName(i, "class")], ["because", pathName(i, "cause")], ["from", si(start[i], "s")], ["for", si(duration[i], "s")]]);
    } },
    xAxis: { type: "value", min: 0, max: data.latency_s, splitNumber: narrow ? 3 : 6, axisLabel: { formatter: (t) => axisSi(t, "s") } },
    yAxis: { type: "category", inverse: true, triggerEvent: true, data: rows.map((i) => data.layers[i].name), splitLine: { show: every === 1, lineStyle: { opacity: 0.4 } },
      axisLabel: { interval: every - 1, hideOverlap: false, formatter: fitting(left) } },
    dataZoom: timeZoom(),
    series: [{ type: "custom", clip: true, progressive: 0, encode: { x: 0, y: 1 }, data: pieces, renderItem: (params, api) => {
      const i = api.value(2);
      const [x, y] = api.coord([start[i], api.value(1)]);
      const right = api.coord([start[i] + duration[i], api.value(1)])[0];
      const height = Math.min(16, Math.max(4, Math.abs(api.size([0, 1])[1]) * 0.8));
      if (right < params.coordSys.x || x > params.coordSys.x + params.coordSys.width) return null;
      return { type: "rect", shape: { x, y: y - height / 2, width: Math.max(1, right - x), height }, style: { fill: colourOf(names[klass[i]]) } };
    } }, ...names.map((name) => ({ name, type: "bar", data: [], itemStyle: { color: colourOf(name) } }))],
  };
}

views.push(showPath);

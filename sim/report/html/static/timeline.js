/* How busy every layer or resource was over time; finer the closer one looks. */
const line = { rows: "(layers)" };

function showTimeline() {
  const kinds = [["(layers)", "layers"], ["(classes)", "classes of resources"], ...classes().map((name) => [name, `every ${name}`])];
  const card = section("timeline", "Timeline", "",
    dropdown("Rows", kinds, line.rows, (rows) => { line.rows = rows; redraw(entry); }));
  const lead = element("p", { className: "lead" });
  card.append(lead);
  let rows = [];
  const entry = chart(card, "timeline-chart", (one) => {
    rows = timelineRows();
    lead.textContent = timelineLead();
    return timelineOption(one, rows);
  }, { time: true, height: () => 84 + 20 * Math.max(3, Math.min(28, timelineRows().length)),
    click: (event) => {
      const row = event.componentType === "yAxis" ? rows.find((one) => one.name === event.value) : rows[event.value?.[1]];
      if (row?.layer !== undefined) toggleLayer(row.layer);
    } });
  card.append(element("div", { className: "legend" }, element("span", {}, "Busy 0",
    element("span", { className: "ramp", id: "timeline-ramp" }), "100 %")));
}

function timelineLead() {
  const zoom = TOUCH ? "Move the ends of the slider to zoom." : "Drag the ends of the slider, or Ctrl and wheel, to zoom.";
  if (line.rows === "(layers)") return `Each layer shows the resource that it keeps busiest. ${zoom}`;
  return `Busy share${state.layers.size ? " for the chosen layers" : ""}. ${zoom}`;
}

/* Rows of the timeline: name, busy share by bin, and the layer if the row is one. */
function timelineRows() {
  return remembered(`timeline ${line.rows}`, () => {
    const n = data.activity.n_bins;
    if (line.rows === "(layers)") {
      const found = layerSeries();
      return [...found.keys()].sort((a, b) => a - b).filter(isChosen).map((i) => ({
        name: data.layers[i].name, layer: i, values: found.get(i).values, detail: data.resources.name[found.get(i).resource] }));
    }
    if (line.rows === "(classes)") return [...classSeries()].map(([name, entry]) => ({ name, values: entry.values }));
    const series = resourceSeries();
    const busy = resourceBusy();
    return data.resources.class.map((name, r) => [name, r]).filter(([name, r]) => name === line.rows && busy[r] > 0)
      .sort((a, b) => busy[b[1]] - busy[a[1]])
      .map(([, r]) => ({ name: data.resources.name[r], values: series.subarray(r * n, (r + 1) * n) }));
  });
}

function timelineOption(entry, rows) {
  const narrow = entry.node.clientWidth < 600;
  const wide = narrow ? 92 : 170;
  document.getElementById("timeline-ramp").style.background = rampCss(UTILIZATION[theme()]);
  const levels = Array.from({ length: 33 }, (_, i) => (i ? ramp(UTILIZATION[theme()], i / 32) : "transparent"));
  return {
    grid: { left: wide, right: 34, top: 8, bottom: 56 },
    tooltip: { trigger: "item", formatter: (event) => timelineTip(entry, rows[event.value[1]]) },
    xAxis: { type: "value", min: 0, max: data.latency_s, axisLabel: { formatter: (t) => axisSi(t, "s") }, splitNumber: narrow ? 3 : 8 },
    yAxis: { type: "category", inverse: true, data: rows.map((row) => row.name), triggerEvent: true, splitLine: { show: false },
      axisLabel: { formatter: fitting(wide), interval: 0, hideOverlap: false } },
    dataZoom: [...timeZoom(), ...rowZoom(rows.length, 28)],
    series: [{ type: "custom", clip: true, progressive: 0, encode: { x: 0, y: 1 }, data: rows.map((_, i) => [0, i]),
      renderItem: (params, api) => busyBars(api, params.coordSys, rows[api.value(1)].values, levels) }],
  };
}

/* One row as bars: bins that share a pixel are averaged, neighbours of one colour joined. */
function busyBars(api, area, values, levels) {
  const row = api.value(1);
  const [x0, y] = api.coord([0, row]);
  const perSecond = (api.coord([data.latency_s, row])[0] - x0) / data.latency_s;
  const bin = data.activity.bin_s * perSecond;
  const height = Math.max(2, Math.abs(api.size([0, 1])[1]) * 0.78);
  const step = Math.max(1, Math.ceil(1.5 / bin));
  const first = Math.max(0, Math.floor((area.x - x0) / bin / step) * step);
  const last = Math.min(values.length, Math.ceil((area.x + area.width - x0) / bin));
  const children = [{ type: "rect", shape: { x: area.x, y: y - height / 2, width: area.width, height }, style: { fill: "transparent" } }];
  let from = first;
  let level = -1;
  const end = (b) => {
    const left = Math.max(area.x, x0 + from * bin);
    const right = Math.min(area.x + area.width, x0 + Math.min(b * bin, data.latency_s * perSecond));
    if (level > 0 && right > left) children.push({ type: "rect", shape: { x: left, y: y - height / 2, width: right - left, height }, style: { fill: levels[level] } });
  };
  for (let b = first; b < last; b += step) {
    let sum = 0;
    const until = Math.min(b + step, values.length);
    for (let i = b; i < until; i++) sum += values[i];
    const mean = sum / (until - b);
    const next = mean > 0 ? Math.min(32, Math.max(1, Math.round(mean * 32))) : 0;
    if (next === level) continue;
    end(b);
    [from, level] = [b, next];
  }
  end(last);
  return { type: "group", children };
}

function timelineTip(entry, row) {
  const [t] = entry.plot.convertFromPixel({ gridIndex: 0 }, entry.pointer ?? [0, 0]);
  const b = Math.min(data.activity.n_bins - 1, Math.max(0, Math.floor(t / data.activity.bin_s)));
  return tip(row.name, [...(row.detail ? [["resource", row.detail]] : []),
    ["time", `${si(binStart(b), "s")} to ${si(binStart(b) + binWidth(b), "s")}`], ["busy", percent(Math.min(1, row.values[b]))]]);
}

views.push(showTimeline);

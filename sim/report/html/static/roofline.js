/* How close each layer comes to what its hardware can do. */
function showRoofline() {
  data.roofline.forEach((roof, k) => {
    const card = section(k ? `roofline-${k}` : "roofline", k ? `Roofline: ${roof.unit}` : "Roofline",
      `Per ${roof.unit}: operations per second of a layer while it lasts, over operations per byte of ${roof.bytes}. ` +
      "The distance to the roof is time spent waiting, or moving bytes again. The size of a point is the layer's share of the critical path.");
    chart(card, k ? `roofline-chart-${k}` : "roofline-chart", (entry) => rooflineOption(entry, roof), { height: 420,
      click: (event) => { if (event.data?.layer !== undefined) toggleLayer(event.data.layer); } });
  });
}

function rooflineOption(entry, roof) {
  const index = new Map(data.layers.map((layer, i) => [layer.name, i]));
  const xs = roof.points.map((p) => p.ops_per_byte);
  const ys = roof.points.map((p) => p.ops_per_s);
  const knees = roof.slopes.map((s) => roof.peak_ops_per_s / s.bytes_per_s);
  const low = 10 ** Math.floor(Math.log10(Math.min(...xs, ...knees) / 2));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...xs, ...knees) * 2));
  const bottom = 10 ** Math.floor(Math.log10(Math.min(...ys) / 1.5));
  const muted = css("--muted");
  const slope = (s) => {
    const knee = roof.peak_ops_per_s / s.bytes_per_s;
    const start = Math.max(low, bottom / s.bytes_per_s);
    return { name: `${s.name}, ${si(s.bytes_per_s, "B/s")}`, type: "line", symbol: "none", silent: true, data: [[start, start * s.bytes_per_s], [Math.min(knee, high), Math.min(knee, high) * s.bytes_per_s]],
      lineStyle: { width: 2, color: colourOf(s.class), type: s.class === "link" ? "dashed" : "solid" }, itemStyle: { color: colourOf(s.class) } };
  };
  return {
    grid: { left: 76, right: 24, top: 38, bottom: 46 },
    legend: {},
    tooltip: { trigger: "item", formatter: (event) => {
      const p = event.data;
      const bound = Math.min(roof.peak_ops_per_s, ...roof.slopes.map((s) => s.bytes_per_s * p.value[0]));
      const layer = data.layers[p.layer];
      return tip(layer.name, [["does", `${si(p.value[1], "op/s")} per ${roof.unit}`], ["could do", si(bound, "op/s")], ["reaches", percent(p.value[1] / bound)],
        ["operations per byte", si(p.value[0])], ["on the critical path", percent(layer.path_s / data.latency_s)]]);
    } },
    xAxis: { type: "log", min: low, max: high, name: "operations per byte", nameLocation: "middle", nameGap: 28, axisLabel: { formatter: (x) => axisSi(x) } },
    yAxis: { type: "log", min: bottom, max: 10 ** Math.ceil(Math.log10(roof.peak_ops_per_s * 1.2)), axisLabel: { formatter: (y) => axisSi(y, "op/s") } },
    series: [...roof.slopes.map(slope),
      { name: `peak, ${si(roof.peak_ops_per_s, "op/s")}`, type: "line", symbol: "none", silent: true, data: [[Math.max(low, Math.min(...knees)), roof.peak_ops_per_s], [high, roof.peak_ops_per_s]],
        lineStyle: { width: 2, color: colourOf("crossbar") }, itemStyle: { color: colourOf("crossbar") } },
      { name: "layers", type: "scatter", itemStyle: { color: css("--accent") }, data: roof.points.map((p) => {
        const layer = index.get(p.layer);
        const picked = isChosen(layer);
        return { layer, value: [p.ops_per_byte, p.ops_per_s], symbolSize: 8 + 40 * Math.sqrt(data.layers[layer].path_s / data.latency_s),
          itemStyle: { color: picked ? css("--accent") : muted, opacity: picked ? 0.75 : 0.18, borderColor: css("--card") } };
      }) }],
  };
}

views.push(showRoofline);

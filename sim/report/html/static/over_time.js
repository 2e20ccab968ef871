/* Utilization by class and power, over the time of one inference. */
function showOverTime() {
  const card = section("time", "Over time", "Utilization by class of resource, and power, of one inference alone. All charts over time zoom together.");
  chart(card, "time-chart", overTimeOption, { height: 520, time: true });
}

function overTimeOption(entry) {
  const narrow = entry.node.clientWidth < 600;
  const n = data.activity.n_bins;
  const steps = (values) => [...Array.from({ length: n }, (_, b) => [binStart(b), values[b]]), [data.latency_s, values[n - 1]]];
  const busy = [...classSeries()].filter(([, entry]) => entry.values.some((value) => value > 0));
  const power = powerSeries();
  const still = state.layers.size ? 0 : data.static_power_w;
  const x = (gridIndex, more) => ({ type: "value", min: 0, max: data.latency_s, gridIndex, splitNumber: narrow ? 3 : 8, ...more });
  const area = (name, values, colour, opacity) => ({ name, type: "line", step: "end", symbol: "none", stack: "power", xAxisIndex: 1, yAxisIndex: 1,
    lineStyle: { width: 0 }, areaStyle: { color: colour, opacity }, itemStyle: { color: colour }, data: steps(values) });
  const left = narrow ? 46 : 58;
  return {
    grid: [{ left, right: 30, top: 40, height: 230 }, { left, right: 30, top: 312, height: 130 }],
    legend: { data: [...busy.map(([name]) => name), "dynamic power", ...(still ? ["static power"] : [])] },
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    tooltip: { trigger: "axis", formatter: (points) => {
      const b = Math.min(n - 1, Math.floor(points[0].axisValue / data.activity.bin_s + 1e-9));
      const rows = busy.map(([name, entry]) => [name, entry.values[b]]).filter(([, value]) => value > 0).sort((a, c) => c[1] - a[1]);
      return tip(`${si(binStart(b), "s")} to ${si(binStart(b) + binWidth(b), "s")}`,
        [...rows.map(([name, value]) => [name, percent(value)]), ["power", si(power[b] + still, "W")]]);
    } },
    xAxis: [x(0, { axisLabel: { show: false } }), x(1, { axisLabel: { formatter: (t) => axisSi(t, "s") } })],
    yAxis: [{ type: "value", gridIndex: 0, min: 0, max: (range) => Math.min(1, Math.max(0.1, Math.ceil(range.max * 10) / 10)), axisLabel: { formatter: (y) => `${Math.round(100 * y)} %` } },
      { type: "value", gridIndex: 1, min: 0, splitNumber: 3, axisLabel: { formatter: (y) => axisSi(y, "W") } }],
    dataZoom: timeZoom([0, 1]),
    series: [...busy.map(([name, entry]) => ({ name, type: "line", step: "end", symbol: "none", lineStyle: { width: 1.4, color: colourOf(name) },
      itemStyle: { color: colourOf(name) }, data: steps(entry.values) })),
      ...(still ? [area("static power", new Float64Array(n).fill(still), "#8a8fa3", 0.55)] : []),
      area("dynamic power", power, css("--accent"), 0.75)],
  };
}

views.push(showOverTime);

/* Tokens of a language model: how long each took as the context grew, when they came, and what the cache moved. */
function showTokens() {
  if (data.tokens.contexts.length) {
    const { n_sequences: n } = data.tokens;
    const card = section("tokens", "Time per token", `Of every token after the first, as the context grows${n > 1 ? `: the mean of ${n} sequences, and from the fastest to the slowest` : ""}. ` +
      "Before the first of them nothing was read ahead, during the last nothing is read for a next one.");
    chart(card, "tokens-chart", perTokenOption, { height: 360 });
  }
  const made = section("made", "Tokens over time", "Tokens made, of all sequences. Each prompt gives the first token of its sequence; decoding begins when the last prompt is through.");
  chart(made, "made-chart", madeOption, { height: 320, time: true });
}

function perTokenOption(entry) {
  const { contexts, mean_s: mean, least_s: least, most_s: most, n_sequences: n } = data.tokens;
  const at = (values) => Array.from(contexts, (context, i) => [context, values[i]]);
  const accent = css("--accent");
  const band = { symbol: "none", stack: "band", silent: true, lineStyle: { opacity: 0 }, tooltip: { show: false } };
  const series = [{ name: "mean", colour: accent, data: at(mean), symbol: contexts.length < 60 ? "circle" : "none", symbolSize: 5 }];
  if (n > 1) {
    series.unshift({ ...band, name: "least", data: at(least) },
      { ...band, name: "most", data: Array.from(contexts, (context, i) => [context, most[i] - least[i]]), areaStyle: { color: accent, opacity: 0.16 } });
  }
  return linesOption(entry, series, { x: { name: "positions in the cache", axisLabel: { formatter: (x) => String(x) } }, y: { min: 0, axisLabel: { formatter: (y) => axisSi(y, "s") } },
    told: (points) => {
      const i = points[0].dataIndex;
      return tip(`after ${contexts[i]} positions`, [["mean", si(mean[i], "s")], ...(n > 1 ? [["fastest", si(least[i], "s")], ["slowest", si(most[i], "s")]] : [])]);
    } });
}

function madeOption(entry) {
  const { time_s: times, n } = data.made;
  const steps = [[0, 0], ...Array.from(times, (t, i) => [t, n[i]])];
  const accent = css("--accent");
  const option = linesOption(entry, [{ name: "tokens", colour: accent, step: "end", data: steps, areaStyle: { color: accent, opacity: 0.12 },
    markLine: { silent: true, symbol: "none", precision: 15, lineStyle: { color: css("--muted"), type: "dashed" },
      label: { color: css("--muted"), formatter: "all prompts are through", rotate: 0, position: "end", align: "left" }, data: times.length > 1 && data.prefill_s < data.total_s ? [{ xAxis: data.prefill_s }] : [] } }],
    { time: true, max: data.total_s, x: { min: 0, axisLabel: { formatter: (t) => axisSi(t, "s") } }, y: { axisLabel: { formatter: (y) => axisSi(y) } },
      told: ([p]) => tip(si(p.value[0], "s"), [["tokens", String(p.value[1])]]) });
  return { ...option, legend: { show: false }, grid: { ...option.grid, top: 30 } };
}

function showCache() {
  const { phases, held_bytes: held, contexts, read_bytes: read } = data.cache;
  const card = section("cache", "Keys and values", `What the cache of keys and values moved, of all sequences; at the end it holds ${si(held, "B")}.`);
  const two = element("div", { className: contexts.length ? "two" : "" });
  card.append(two);
  chart(two, "cache-chart", (entry) => cacheOption(entry, phases), { height: 300 });
  if (contexts.length) chart(two, "reads-chart", (entry) => readsOption(entry, contexts, read), { height: 300 });
}

function cacheOption(entry, phases) {
  const kinds = [["written", "written_bytes", "#54a24b"], ["read", "read_bytes", "#b279a2"]];
  return {
    grid: { left: 68, right: 16, top: 40, bottom: 28 },
    legend: { data: kinds.map(([name]) => name) },
    tooltip: { trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { opacity: 0.12 } },
      formatter: (points) => tip(points[0].name, points.map((p) => [p.seriesName, si(p.value, "B")])) },
    xAxis: { type: "category", data: phases.map((phase) => phase.name), splitLine: { show: false } },
    yAxis: { type: "value", splitNumber: 4, axisLabel: { formatter: (y) => axisSi(y, "B") } },
    series: kinds.map(([name, key, colour]) => ({ name, type: "bar", barGap: "8%", barCategoryGap: "40%", itemStyle: { color: colour, borderRadius: 2 }, emphasis: { disabled: true }, data: phases.map((phase) => phase[key]) })),
  };
}

function readsOption(entry, contexts, read) {
  const option = linesOption(entry, [{ name: "read for a step of all sequences", colour: "#b279a2", data: Array.from(contexts, (context, i) => [context, read[i]]) }],
    { x: { name: "positions in the cache", axisLabel: { formatter: (x) => String(x) } }, y: { axisLabel: { formatter: (y) => axisSi(y, "B") } },
      told: ([p]) => tip(`after ${p.value[0]} positions`, [["read", si(p.value[1], "B")]]) });
  return option;
}

views.push(showTokens, showCache);

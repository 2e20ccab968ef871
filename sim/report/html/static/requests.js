/* Requests over time: how long they took, how many were there, and whether the chip keeps up. */
const REQUEST_COLOURS = ["#8a8fa3", "#4c78a8", "#f58518", "#54a24b"];

function showRequests() {
  const found = data.requests;
  if (!found) return;
  const card = section("requests", "Requests", "");
  card.append(element("p", { className: found.above ? "lead bad" : "lead", textContent: `${found.asked}: ${found.verdict}.` }));
  const two = element("div", { className: "two plan" });
  card.append(two);
  chart(two, "within-chart", withinOption, { height: (width) => (width < 400 ? 280 : 340) });
  chart(two, "load-chart", loadOption, { height: (width) => (width < 400 ? 200 : 340) });
  const heads = ["mean", "p50", "p95", "p99", "max"];
  card.append(plainTable(["", ...heads], found.rows.map((row) => [row.name, ...heads.map((head) => si(row[head], "s"))])));
}

/* How many of the requests took at most a time. */
function withinOption(entry) {
  const series = data.requests.times.map(({ name, values }, i) => {
    const points = [[0, 0], ...Array.from(values, (t, k) => [t, (k + 1) / values.length])];
    return { name, colour: REQUEST_COLOURS[i % REQUEST_COLOURS.length], step: "end", data: points };
  });
  return linesOption(entry, series, { x: { min: 0, name: "time", axisLabel: { formatter: (t) => axisSi(t, "s") } }, y: { max: 1, interval: 0.25, axisLabel: { formatter: (y) => `${Math.round(100 * y)} %` } },
    told: (points) => {
      const t = points[0].axisValue;
      return tip(`within ${si(t, "s")}`, data.requests.times.map(({ name, values }) => [name, percent(values.filter((value) => value <= t * (1 + 1e-9)).length / values.length)]));
    } });
}

function loadOption(entry) {
  const rates = data.requests.rates;
  const colours = { offered: "#8a8fa3", served: css("--accent"), capacity: css("--good") };
  return {
    grid: { left: 76, right: 72, top: 16, bottom: 46 },
    tooltip: { trigger: "item", formatter: (p) => tip(p.name, [["requests", `${si(p.value)}/s`]]) },
    xAxis: { type: "value", splitNumber: 3, name: "requests per second", nameLocation: "middle", nameGap: 28, axisLabel: { formatter: (x) => axisSi(x) } },
    yAxis: { type: "category", inverse: true, data: rates.map(([name]) => name), splitLine: { show: false } },
    series: [{ type: "bar", barCategoryGap: "45%", emphasis: { disabled: true }, label: { show: true, position: "right", color: css("--muted"), formatter: (p) => `${si(p.value)}/s` },
      data: rates.map(([name, value]) => ({ value, itemStyle: { color: colours[name], borderRadius: 2 } })) }],
  };
}

/* Steps of a number that rises at some times and falls at others. */
function countOver(rises, falls) {
  const events = [...Array.from(rises, (t) => [t, 1]), ...Array.from(falls, (t) => [t, -1])].sort((a, b) => a[0] - b[0]);
  let n = 0;
  const points = [[0, 0]];
  for (const [t, by] of events) {
    n += by;
    if (points[points.length - 1][0] === t) points[points.length - 1][1] = n;
    else points.push([t, n]);
  }
  return points;
}

function valueAt(points, t) {
  let value = 0;
  for (const [at, n] of points) {
    if (at > t) break;
    value = n;
  }
  return value;
}

function showQueue() {
  const found = data.requests;
  if (!found) return;
  const card = section("queue", "Queue", found.admitted_s ? "Requests that have arrived and not ended: those that run, and those that wait for a place."
    : "Requests that have arrived and not ended.");
  const all = countOver(found.arrival_s, found.end_s);
  const lines = [{ name: "in the system", colour: "#f58518", step: "end", data: all }];
  if (found.admitted_s) lines.push({ name: "running", colour: "#4c78a8", step: "end", data: countOver(found.admitted_s, found.end_s), areaStyle: { color: "#4c78a8", opacity: 0.16 } });
  chart(card, "queue-chart", (entry) => linesOption(entry, lines, { time: true, max: data.total_s, x: { min: 0, axisLabel: { formatter: (t) => axisSi(t, "s") } },
    y: { minInterval: 1 }, told: (points) => tip(si(points[0].axisValue, "s"), lines.map((line) => [line.name, String(valueAt(line.data, points[0].axisValue))])) }),
    { height: 320, time: true });
  if (!data.iterations) return;
  const steps = section("iterations", "Iterations", "Every iteration makes one token of each running sequence. One that prompts join takes longer, and the others wait for it.");
  chart(steps, "iterations-chart", iterationsOption, { height: 320, time: true });
}

function iterationsOption(entry) {
  const { begin_s: begin, duration_s: duration, sequences, prompts } = data.iterations;
  const groups = [["decoding only", "#4c78a8", (i) => !prompts[i]], ["with prompts", "#e45756", (i) => prompts[i] > 0]];
  const narrow = entry.node.clientWidth < 600;
  return {
    grid: { left: narrow ? 62 : 76, right: 30, top: 40, bottom: 58 },
    legend: { data: groups.map(([name]) => name) },
    tooltip: { trigger: "item", formatter: (p) => {
      const i = p.value[2];
      return tip(`iteration ${i + 1}`, [["begins", si(begin[i], "s")], ["takes", si(duration[i], "s")], ["sequences", String(sequences[i])], ["prompts", String(prompts[i])]]);
    } },
    xAxis: { type: "value", min: 0, max: data.total_s, splitNumber: narrow ? 3 : 8, splitLine: { show: false }, axisLabel: { formatter: (t) => axisSi(t, "s") } },
    yAxis: { type: "value", min: 0, splitNumber: 4, axisLabel: { formatter: (y) => axisSi(y, "s") } },
    dataZoom: timeZoom(),
    series: groups.map(([name, colour, keep]) => ({ name, type: "scatter", symbolSize: begin.length > 400 ? 4 : 8, itemStyle: { color: colour, opacity: 0.75 },
      data: Array.from(begin, (t, i) => [t, duration[i], i]).filter(([, , i]) => keep(i)) })),
  };
}

views.push(showRequests, showQueue);

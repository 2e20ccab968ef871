/* Energy by layer and component. */
const joules = { order: "largest" };

function showEnergy() {
  if (!data.energy_j) return;
  const card = section("energy", "Energy", "Per inference. Static power belongs to no layer and is left out of the rows of layers.",
    segments("Order", [["largest", "Largest first"], ["network", "In order"]], joules.order, (order) => { joules.order = order; redraw(byLayer); }));
  const two = element("div", { className: "two" });
  card.append(two);
  chart(two, "energy-components", componentOption, { height: () => Math.max(260, 60 + 26 * componentSums().length) });
  let rows = [];
  const byLayer = chart(two, "energy-chart", (entry) => {
    rows = energyRows();
    const sums = energyByLayer();
    const keys = componentSums().filter(([name]) => rows.some((i) => sums[i].get(name) > 0)).map(([name]) => name);
    return stackedRows(entry, rows, keys, { value: (i, key) => sums[i].get(key) ?? 0, label: (key) => key, colour: colourOf, unit: "J", rowsShown: MOST_ROWS });
  }, { height: () => rowsHeight(energyRows().length), click: rowClick(() => rows) });
}

/* Of each layer: component to dynamic joules. */
function energyByLayer() {
  return remembered("energy", () => {
    const found = data.layers.map(() => new Map());
    for (const [layer, component, action, energy] of data.energy) {
      if (action !== "(static)") found[layer].set(component, (found[layer].get(component) ?? 0) + energy);
    }
    return found;
  });
}

function energyRows() {
  const sums = energyByLayer();
  return rankedLayers((i) => [...sums[i].values()].reduce((a, b) => a + b, 0), joules.order);
}

/* [component, dynamic, static] of the chosen layers, the largest first. */
function componentSums() {
  return remembered("components", () => {
    const found = new Map();
    for (const [layer, component, action, energy] of data.energy) {
      if (!isChosen(layer)) continue;
      const entry = found.get(component) ?? [0, 0];
      entry[action === "(static)" ? 1 : 0] += energy;
      found.set(component, entry);
    }
    return [...found].map(([name, [dynamic, still]]) => [name, dynamic, still]).filter(([, a, b]) => a + b > 0)
      .sort((a, b) => b[1] + b[2] - a[1] - a[2]);
  });
}

function componentOption(entry) {
  const sums = componentSums();
  const total = sums.reduce((sum, [, a, b]) => sum + a + b, 0);
  const bar = (name, k, style) => ({ name, type: "bar", stack: "all", barCategoryGap: "30%", emphasis: { disabled: true },
    data: sums.map((row) => ({ value: row[k], itemStyle: { color: colourOf(row[0]), ...style } })) });
  return {
    grid: { left: 104, right: 46, top: 34, bottom: 28 },
    legend: { data: ["dynamic", "static"].map((name) => ({ name, itemStyle: { color: css("--muted"), opacity: name === "static" ? 0.35 : 1, decal: { symbol: "none" } } })) },
    tooltip: { trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { opacity: 0.12 } }, formatter: ([{ dataIndex: i }]) => {
      const actions = new Map();
      for (const [layer, component, action, energy] of data.energy) {
        if (component === sums[i][0] && isChosen(layer)) actions.set(action, (actions.get(action) ?? 0) + energy);
      }
      const sum = sums[i][1] + sums[i][2];
      return tip(sums[i][0], [["total", `${si(sum, "J")}  ${percent(sum / total)}`], ...[...actions].map(([name, energy]) => [name, si(energy, "J")])]);
    } },
    xAxis: { type: "value", axisLabel: { formatter: (x) => axisSi(x, "J") }, splitNumber: 3 },
    yAxis: { type: "category", inverse: true, data: sums.map(([name]) => name), splitLine: { show: false },
      axisLabel: { interval: 0, hideOverlap: false, formatter: fitting(104) } },
    series: [bar("dynamic", 1, {}), bar("static", 2, { opacity: 0.45, decal: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: 0.8, color: css("--card") } })],
  };
}

views.push(showEnergy);

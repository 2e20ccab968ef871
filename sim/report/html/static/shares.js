/* What times and energies are made of: a bar for each, in parts of one whole, and the numbers. */
function showShares() {
  for (const [k, shown] of (data.shares ?? []).entries()) {
    const card = section(k ? `shares-${k}` : "shares", shown.title, shown.lead);
    chart(card, k ? `shares-chart-${k}` : "shares-chart", (entry) => sharesOption(entry, shown), { height: 74 + 34 * shown.rows.length });
    const parts = sharesParts(shown);
    card.append(plainTable(["", ...shown.rows.map((row) => row.name)], parts.map((part) => [part,
      ...shown.rows.map((row) => (row.values[part] ? `${si(row.values[part], row.unit)}\u2003${percent(row.values[part] / sumOf(row))}` : "-"))])));
  }
}

function sumOf(row) { return Object.values(row.values).reduce((a, b) => a + b, 0); }

function sharesParts(shown) {
  return Object.keys(shown.colours).filter((part) => shown.rows.some((row) => row.values[part] > 0));
}

function sharesOption(entry, shown) {
  const narrow = entry.node.clientWidth < 600;
  const left = narrow ? 92 : 150;
  return {
    grid: { left, right: 24, top: 40, bottom: 28 },
    legend: { data: sharesParts(shown) },
    tooltip: { trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { opacity: 0.12 } }, formatter: (points) => {
      const row = shown.rows[points[0].dataIndex];
      const rows = points.filter((p) => p.value > 0).sort((a, b) => b.value - a.value);
      return tip(row.name, [["total", si(sumOf(row), row.unit)], ...rows.map((p) => [p.seriesName, `${si(row.values[p.seriesName], row.unit)}  ${percent(p.value)}`])]);
    } },
    xAxis: { type: "value", max: 1, splitNumber: narrow ? 2 : 5, axisLabel: { formatter: (x) => `${Math.round(100 * x)} %` } },
    yAxis: { type: "category", inverse: true, data: shown.rows.map((row) => row.name), splitLine: { show: false },
      axisLabel: { interval: 0, hideOverlap: false, formatter: fitting(left) } },
    series: sharesParts(shown).map((part) => ({ name: part, type: "bar", stack: "all", barCategoryGap: "28%", emphasis: { disabled: true },
      itemStyle: { color: shown.colours[part] }, data: shown.rows.map((row) => (row.values[part] ?? 0) / (sumOf(row) || 1)) })),
  };
}

views.push(showShares);

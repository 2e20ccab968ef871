/* All layers as a table: sort by a column, click a row to choose it. */
const table = { column: 0, down: false };
const COLUMNS = [
  ["layer", "text", (layer) => layer.name, (layer) => layer.name],
  ["op", "text", (layer) => layer.op, (layer) => layer.op],
  ["runs on", "text", (layer) => layer.unit, (layer) => layer.unit],
  ["MACs", "", (layer) => layer.macs, (layer) => (layer.macs ? si(layer.macs) : "-")],
  ["tiles", "", (layer) => layer.tiles, (layer) => layer.tiles || "-"],
  ["copies", "", (layer) => (layer.tiles ? layer.replicas : 0), (layer) => (layer.tiles ? layer.replicas : "-")],
  ["begins", "", (layer) => layer.begin_s ?? -1, (layer) => (layer.begin_s == null ? "-" : si(layer.begin_s, "s"))],
  ["lasts", "", (layer) => layer.latency_s ?? -1, (layer) => (layer.latency_s == null ? "-" : si(layer.latency_s, "s"))],
  ["critical path", "", (layer) => layer.path_s, (layer) => percent(layer.path_s / data.latency_s), (layer) => layer.path_s / data.latency_s],
  ["busiest part", "text", (layer) => layer.busiest, (layer) => layer.busiest || "-"],
  ["busy", "", (layer) => layer.utilization ?? -1, (layer) => (layer.utilization == null ? "-" : percent(layer.utilization)), (layer) => layer.utilization ?? 0],
  ["energy", "", (layer) => layer.energy_j, (layer) => (layer.energy_j ? si(layer.energy_j, "J") : "-")],
];

function showLayers() {
  const card = section("layers", "Layers", "Click a heading to sort, a row to filter the page by that layer.");
  const body = element("tbody");
  const heads = COLUMNS.map(([name, kind], i) => {
    const head = element("th", { className: kind, scope: "col" }, element("button", { type: "button", textContent: name }));
    head.onclick = () => {
      table.down = table.column === i ? !table.down : kind === "";
      table.column = i;
      fill();
    };
    return head;
  });
  const fill = () => {
    heads.forEach((head, i) => head.setAttribute("aria-sort", i !== table.column ? "none" : table.down ? "descending" : "ascending"));
    const [name, , key] = COLUMNS[table.column];
    const rows = data.layers.map((layer, i) => [layer, i]);
    if (name !== "layer" || table.down) {
      rows.sort(([a], [b]) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0) * (table.down ? -1 : 1));
    }
    body.replaceChildren(...rows.map(([layer, i]) => layerRow(layer, i)));
  };
  card.append(element("div", { className: "scroll" }, element("table", { id: "layer-table" }, element("thead", {}, element("tr", {}, ...heads)), body)));
  fill();
  onChange(() => { for (const row of body.children) row.className = state.layers.has(Number(row.dataset.layer)) ? "picked" : ""; });
}

function layerRow(layer, i) {
  const row = element("tr", { className: state.layers.has(i) ? "picked" : "" }, ...COLUMNS.map(([, kind, , text, share]) => {
    const cell = element("td", { className: kind, title: text(layer) });
    if (share) cell.append(element("span", { className: "share" }, element("i", { style: `width:${(100 * share(layer)).toFixed(1)}%` })));
    cell.append(String(text(layer)));
    return cell;
  }));
  row.dataset.layer = i;
  row.onclick = () => toggleLayer(i);
  return row;
}

views.push(showLayers);

/* What layers stood still for. */
const stall = { order: "largest", fill: false };

function showStalls() {
  const order = segments("Order", [["largest", "Largest first"], ["network", "In order"]], stall.order, (value) => { stall.order = value; redraw(entry); });
  const card = section("stalls", "Stalls", "Time that a layer's parts stood still, added up over them: a layer of ten parts can stand for longer than it lasted.",
    toggle("Filling of the pipeline", stall.fill, (on) => { stall.fill = on; redraw(entry); }), order);
  let rows = [];
  const keys = () => Object.keys(STALLS).filter((key) => key !== "fill" || stall.fill);
  const value = (i, key) => data.layers[i].stall_s[key] ?? 0;
  const ranked = () => rankedLayers((i) => keys().reduce((sum, key) => sum + value(i, key), 0), stall.order);
  const entry = chart(card, "stalls-chart", (one) => {
    rows = ranked();
    return stackedRows(one, rows, keys(), { value, label: (key) => STALLS[key][0], colour: (key) => STALLS[key][1], unit: "s", rowsShown: MOST_ROWS });
  }, { height: () => rowsHeight(ranked().length), click: rowClick(() => rows) });
}

views.push(showStalls);

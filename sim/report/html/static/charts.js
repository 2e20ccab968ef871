/* Sections of the page, and charts in them that are drawn when they come into sight. */
const charts = [];
const views = [];  // what shows each section, in the order of the page

function section(id, title, lead, ...controls) {
  const head = element("div", { className: "head" }, element("h2", { textContent: title }),
    controls.length ? element("div", { className: "controls" }, ...controls) : null);
  const card = element("section", { className: "card", id }, head,
    lead ? element("p", { className: "lead", textContent: lead }) : null);
  document.getElementById("sections").append(card);
  document.getElementById("contents").append(element("a", { href: `#${id}`, textContent: title.split(":")[0] }));
  return card;
}

/* A chart whose option is built anew whenever something changes; zoomed windows are kept. */
function chart(parent, id, build, { height = 380, time = false, click = null } = {}) {
  const node = element("div", { className: "chart", id });
  parent.append(node);
  const entry = { node, build, height, time, plot: null, dirty: true, seen: false };
  charts.push(entry);
  entry.draw = () => draw(entry, click);
  new IntersectionObserver((found) => {
    entry.seen = found.some((one) => one.isIntersecting);
    if (entry.seen && entry.dirty) entry.draw();
  }, { rootMargin: "300px" }).observe(node);
  let width = 0;
  new ResizeObserver(() => {
    if (node.clientWidth === width) return;
    width = node.clientWidth;
    redraw(entry);
  }).observe(node);
  return entry;
}

function redraw(entry) {
  entry.dirty = true;
  if (entry.seen) entry.draw();
}

function draw(entry, click) {
  if (!entry.node.clientWidth) return;
  entry.dirty = false;
  const height = typeof entry.height === "function" ? entry.height(entry.node.clientWidth) : entry.height;
  entry.node.style.height = `${height}px`;
  if (!entry.plot) {
    entry.plot = echarts.init(entry.node, null, { renderer: "canvas" });
    entry.plot.on("datazoom", () => zoomed(entry));
    if (click) entry.plot.on("click", click);
    entry.plot.getZr().on("mousemove", (event) => { entry.pointer = [event.offsetX, event.offsetY]; });
  }
  entry.plot.resize();
  const kept = entry.plot.getOption()?.dataZoom ?? [];
  const option = dressed(entry.build(entry));
  (option.dataZoom ?? []).forEach((zoom, i) => {
    if (entry.time && zoom.xAxisIndex !== undefined) [zoom.start, zoom.end] = state.window;
    else if (kept[i] && kept.length === option.dataZoom.length && zoom.id === kept[i].id) {
      [zoom.start, zoom.end] = [kept[i].start, kept[i].end];
      delete zoom.startValue; delete zoom.endValue;
    }
  });
  entry.plot.setOption(option, { notMerge: true });
}

/* All charts over time show the same window. */
let following = false;
function zoomed(entry) {
  if (!entry.time || following) return;
  const zoom = entry.plot.getOption().dataZoom.find((one) => one.xAxisIndex !== undefined);
  if (zoom.start === state.window[0] && zoom.end === state.window[1]) return;
  state.window = [zoom.start, zoom.end];
  following = true;
  for (const other of charts) {
    if (!other.time || other === entry || !other.plot) continue;
    other.plot.dispatchAction({ type: "dataZoom", dataZoomIndex: 0, start: zoom.start, end: zoom.end });
  }
  following = false;
}

/* What all charts have in common: fonts, colours of the theme, pointers. */
function dressed(option) {
  const [text, muted, line, card] = ["--text", "--muted", "--line", "--card"].map(css);
  const axis = (one) => ({ ...one,
    axisLine: { lineStyle: { color: line }, ...one.axisLine }, axisTick: { show: false, ...one.axisTick },
    axisLabel: { color: muted, fontSize: 12, hideOverlap: true, ...one.axisLabel },
    splitLine: { ...one.splitLine, lineStyle: { color: line, opacity: 0.7, ...one.splitLine?.lineStyle } },
    nameTextStyle: { color: muted, fontSize: 12, ...one.nameTextStyle } });
  const every = (axes) => (Array.isArray(axes) ? axes.map(axis) : axes && axis(axes));
  const grid = (one) => ({ outerBoundsMode: "none", ...one });
  return { animation: false, ...option,
    grid: Array.isArray(option.grid) ? option.grid.map(grid) : grid(option.grid),
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: text },
    xAxis: every(option.xAxis), yAxis: every(option.yAxis),
    legend: option.legend && { type: "scroll", top: 0, left: 0, itemWidth: 12, itemHeight: 10, icon: "roundRect",
      textStyle: { color: muted, fontSize: 12 }, pageTextStyle: { color: muted }, pageIconColor: text,
      pageIconInactiveColor: line, ...option.legend },
    tooltip: { confine: true, backgroundColor: card, borderColor: line, padding: [8, 12],
      textStyle: { color: text, fontSize: 13 }, extraCssText: "box-shadow:0 8px 24px rgb(0 0 0/20%)",
      ...option.tooltip } };
}

const TOUCH = matchMedia("(pointer: coarse)").matches;

function sliderLook() {
  return { borderColor: "transparent", backgroundColor: css("--soft"), fillerColor: `${css("--accent")}33`,
    handleStyle: { color: css("--card"), borderColor: css("--accent") }, moveHandleSize: 0, brushSelect: false,
    dataBackground: { lineStyle: { opacity: 0 }, areaStyle: { opacity: 0 } },
    selectedDataBackground: { lineStyle: { opacity: 0 }, areaStyle: { opacity: 0 } },
    textStyle: { color: css("--muted"), fontSize: 11 } };
}

/* Slider below, wheel (with Ctrl) and drag inside, for an axis of time. */
function timeZoom(axes = [0], bottom = 6) {
  const slider = { id: "time", type: "slider", xAxisIndex: axes, bottom, height: 18, filterMode: "none",
    labelFormatter: (value) => axisSi(value, "s"), ...sliderLook() };
  const inside = { id: "drag", type: "inside", xAxisIndex: axes, filterMode: "none", zoomOnMouseWheel: "ctrl",
    moveOnMouseMove: !TOUCH, preventDefaultMouseMove: !TOUCH };
  return TOUCH ? [slider] : [slider, inside];
}

/* Slider beside rows that are more than fit. */
function rowZoom(n, rows, id = "rows") {
  if (n <= rows) return [];
  return [{ id, type: "slider", yAxisIndex: 0, right: 2, width: 14, startValue: 0, endValue: rows - 1,
    showDetail: false, filterMode: "none", zoomLock: false, ...sliderLook() }];
}

/* Bars stacked by layer: one row per layer, one colour per key. */
function stackedRows(entry, rows, keys, { value, label, colour, unit, rowsShown }) {
  const narrow = entry.node.clientWidth < 600;
  const wide = narrow ? 92 : 170;
  return {
    grid: { left: wide, right: 34, top: 34, bottom: 28 },
    legend: { data: keys.map(label) },
    tooltip: { trigger: "axis", axisPointer: { type: "shadow", shadowStyle: { opacity: 0.12 } },
      formatter: (points) => {
        const layer = rows[points[0].dataIndex];
        const shown = points.filter((p) => p.value > 0).sort((a, b) => b.value - a.value);
        const total = shown.reduce((sum, p) => sum + p.value, 0);
        return tip(data.layers[layer].name, [["total", si(total, unit)],
          ...shown.map((p) => [p.seriesName, `${si(p.value, unit)}  ${percent(p.value / total)}`])]);
      } },
    xAxis: { type: "value", axisLabel: { formatter: (x) => axisSi(x, unit) }, splitNumber: narrow ? 3 : 6 },
    yAxis: { type: "category", inverse: true, data: rows.map((i) => data.layers[i].name), triggerEvent: true,
      splitLine: { show: false }, axisLabel: { formatter: fitting(wide), interval: 0, hideOverlap: false } },
    dataZoom: rowZoom(rows.length, rowsShown),
    series: keys.map((key) => ({ name: label(key), type: "bar", stack: "all", barCategoryGap: "22%",
      itemStyle: { color: colour(key) }, emphasis: { disabled: true }, data: rows.map((i) => value(i, key)) })),
  };
}

/* Clicking a bar, or the name of a row, chooses the layer. */
function rowClick(rows) {
  return (event) => {
    if (event.componentType === "series") toggleLayer(rows()[event.dataIndex]);
    else if (event.componentType === "yAxis") toggleLayer(data.layers.findIndex((layer) => layer.name === event.value));
  };
}

const MOST_ROWS = 22;
function rowsHeight(n) { return 66 + 22 * Math.max(3, Math.min(MOST_ROWS, n)); }

/* Chosen layers for which `value` is not zero, in the order of the network or the largest first. */
function rankedLayers(value, order) {
  const rows = data.layers.map((_, i) => i).filter((i) => isChosen(i) && value(i) > 0);
  return order === "largest" ? rows.sort((a, b) => value(b) - value(a)) : rows;
}

/* A table that is only read: the first column is text, the others are numbers. */
function plainTable(heads, rows) {
  const cells = (row, tag) => element("tr", {}, ...row.map((text) => element(tag, { textContent: text })));
  return element("div", { className: "scroll plain", style: "margin-top:14px" }, element("table", {},
    element("thead", {}, cells(heads, "th")), element("tbody", {}, ...rows.map((row) => cells(row, "td")))));
}

/* Lines over an axis of numbers, with what they share: a grid, a legend, and a pointer that tells all values. */
function linesOption(entry, series, { x, y, told, time = false, max = undefined }) {
  const narrow = entry.node.clientWidth < 600;
  return {
    grid: { left: narrow ? 62 : 76, right: 30, top: 40, bottom: time ? 58 : 46 },
    legend: { data: series.filter((one) => !one.silent).map((one) => one.name) },
    tooltip: { trigger: "axis", formatter: (points) => told(points) },
    xAxis: { type: "value", min: "dataMin", max: max ?? "dataMax", splitNumber: narrow ? 3 : 8, splitLine: { show: false }, ...(time ? {} : { nameLocation: "middle", nameGap: 28 }), ...x },
    yAxis: { type: "value", min: 0, splitNumber: 4, ...y },
    dataZoom: time ? timeZoom() : [],
    series: series.map((one) => ({ type: "line", symbol: "none", lineStyle: { width: 2, color: one.colour }, itemStyle: { color: one.colour }, ...one })),
  };
}

/* What changes of the chip would gain; from `ohmsum profile`. */
const MOST_KNOBS = 16;

function showWhatIf() {
  const tried = data.profile?.what_if;
  if (!tried) {
    const card = section("what-if", "What if", "");
    card.append(element("p", { className: "lead", textContent: "What each change of the chip would gain is found by simulating it: `ohmsum profile` with the same arguments and --out makes this page with the answers." }));
    return;
  }
  const goal = tried.goal;
  const card = section("what-if", "What if", `Change of the ${goal} with each part of the chip 10 % better, twice as good, and ideal: ${tried.runs} simulations, each mapped anew. They are about the whole network, whatever layers are chosen.`);
  const knobs = knobRows(tried);
  if (!knobs.length) card.append(element("p", { className: "lead", textContent: "No change that was tried has an effect." }));
  else chart(card, "what-if-chart", (entry) => whatIfOption(entry, knobs, goal), { height: 70 + 34 * Math.min(MOST_KNOBS, knobs.length) });
  if (tried.pairs.length) card.append(pairTable(tried));
}

function knobRows(tried) {
  const found = new Map();
  for (const trial of tried.trials) {
    const key = `${trial.kind} ${trial.field}`;
    if (!found.has(key)) found.set(key, { name: trial.kind === "cheaper" ? `${trial.component}: cheaper` : `${trial.component}: ${trial.quantity}`, trials: new Map(), field: trial.field });
    found.get(key).trials.set(String(trial.factor), trial);
  }
  const matters = (trial) => Math.abs(trial.changes?.[tried.goal] ?? 0) >= 0.0005;
  return [...found.values()].filter((knob) => [...knob.trials.values()].some(matters)).slice(0, MOST_KNOBS);
}

function whatIfOption(entry, knobs, goal) {
  const narrow = entry.node.clientWidth < 600;
  const left = narrow ? 130 : 240;
  const factors = [["1.1", "10 % better", 0.4], ["2", "twice as good", 0.75], ["infinite", "ideal", 1]];
  const of = (knob, factor) => knob.trials.get(factor) ?? knob.trials.get(`${factor}.0`);
  return {
    grid: { left, right: 30, top: 36, bottom: 28 },
    legend: { data: factors.map(([, name]) => name) },
    tooltip: { trigger: "item", formatter: (event) => {
      const knob = knobs[event.dataIndex];
      const trial = of(knob, factors[event.seriesIndex][0]);
      if (!trial?.changes) return tip(knob.name, [["", trial?.error ?? "not tried"]]);
      return tip(`${knob.name}, ${event.seriesName}`, [...Object.entries(trial.set).map(([field, value]) => [field, value]), ["now", trial.before], ...Object.entries(trial.changes).map(([name, change]) => [name, signed(change)])]);
    } },
    xAxis: { type: "value", axisLabel: { formatter: (x) => signed(x) }, splitNumber: narrow ? 3 : 6 },
    yAxis: { type: "category", inverse: true, data: knobs.map((knob) => knob.name), splitLine: { show: false }, axisLine: { onZero: false }, axisLabel: { interval: 0, hideOverlap: false, formatter: fitting(left) } },
    series: factors.map(([factor, name, opacity]) => ({ name, type: "bar", barGap: "5%", barCategoryGap: "28%", itemStyle: { color: css("--accent"), opacity }, data: knobs.map((knob) => of(knob, factor)?.changes?.[goal] ?? null) })),
  };
}

function pairTable(tried) {
  const gain = (value) => element("td", { textContent: value < 0 ? `${percent(-value)} lost` : `${percent(value)} saved` });
  const head = ["Pairs in which one hides the other (each twice as good)", "first alone", "second alone", "both"];
  return element("div", { className: "scroll plain", style: "margin-top:14px" }, element("table", {},
    element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { textContent: text })))),
    element("tbody", {}, ...tried.pairs.slice(0, 8).map((pair) => element("tr", { title: Object.keys(pair.set).join(", ") },
      element("td", { textContent: pair.components.join(" + ") }), gain(pair.gain_first), gain(pair.gain_second), gain(pair.gain_both))))));
}

views.push(showWhatIf);

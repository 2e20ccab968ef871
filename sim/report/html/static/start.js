/* Puts the page together once the data are there. */
const THEME_KEY = "ohmsum-theme";

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  for (const entry of charts) redraw(entry);
}

function startTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const kept = () => { try { return localStorage.getItem(THEME_KEY); } catch { return null; } };
  setTheme(kept() ?? (system.matches ? "dark" : "light"));
  system.addEventListener("change", () => { if (!kept()) setTheme(system.matches ? "dark" : "light"); });
  document.getElementById("theme").onclick = () => {
    const next = theme() === "dark" ? "light" : "dark";
    try { localStorage.setItem(THEME_KEY, next); } catch { /* a page opened from a file may have no storage */ }
    setTheme(next);
  };
}

function showTitle() {
  const chips = data.n_chips > 1 ? `${data.n_chips} × ` : "";
  document.getElementById("title").append(
    element("h1", {}, data.network, element("span", { className: "on", textContent: " on " }), chips + data.chip),
    element("p", { className: "sub", textContent: data.subtitle }),
    element("div", { className: "figures" }, ...data.figures.map((one) => element("div", { className: "figure" },
      element("div", { className: "name", textContent: one.name }), element("div", { className: "value", textContent: one.value }),
      element("div", { className: "note", textContent: one.note })))));
  if (data.notes.length) document.getElementById("title").append(element("ul", { className: "notes" }, ...data.notes.map((note) => element("li", { textContent: note }))));
}

function showFoot() {
  const { ohmsum, chip, network, program } = data.provenance;
  const code = (text) => element("code", { textContent: text.slice(0, 16), title: text });
  document.getElementById("foot").append(`ohmsum ${ohmsum}, chip `, code(chip), ", network ", code(network),
    ...(program ? [", program ", code(program)] : []), ". Charts: Apache ECharts (Apache License 2.0).");
}

/* What the chosen layers amount to, with a button to let each go. */
function showSelection() {
  const bar = document.getElementById("selection");
  onChange(() => {
    const chosen = [...state.layers].sort((a, b) => a - b);
    bar.hidden = !chosen.length;
    const sum = (key) => chosen.reduce((total, i) => total + (data.layers[i][key] ?? 0), 0);
    const chips = chosen.slice(0, 5).map((i) => {
      const drop = element("button", { type: "button", textContent: "×", "aria-label": `without ${data.layers[i].name}` });
      drop.onclick = () => toggleLayer(i);
      return element("span", { className: "chip" }, element("span", { textContent: data.layers[i].name, title: data.layers[i].name }), drop);
    });
    const clear = element("button", { type: "button", className: "tool spacer", id: "clear", textContent: "Show all" });
    clear.onclick = () => chooseLayers([...state.layers]);
    const more = chosen.length > 5 ? `and ${chosen.length - 5} more` : null;
    const facts = `${percent(sum("path_s") / data.latency_s)} of the latency, ${percent(data.energy_j ? sum("energy_j") / data.energy_j : 0)} of the energy, ${si(sum("macs"))} MACs`;
    bar.replaceChildren(...chips, ...(more ? [more] : []), element("span", { className: "facts", textContent: facts }), clear);
  });
}

function startFilter() {
  const input = document.getElementById("filter");
  const list = document.getElementById("suggestions");
  const close = () => { list.hidden = true; };
  const open = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = data.layers.map((layer, i) => [layer, i]).filter(([layer]) => words.every((word) => `${layer.name} ${layer.op}`.toLowerCase().includes(word)));
    const all = words.length && found.length > 1 ? [suggestion(`All ${found.length} that match`, "", () => { chooseLayers(found.map(([, i]) => i)); done(); })] : [];
    list.replaceChildren(...all, ...found.slice(0, 60).map(([layer, i]) => suggestion(layer.name, layer.op, () => { toggleLayer(i); done(); })));
    if (!found.length) list.append(element("div", { className: "none", textContent: "No such layer." }));
    list.hidden = false;
  };
  const done = () => { input.value = ""; close(); };
  input.oninput = input.onfocus = open;
  input.onkeydown = (event) => {
    if (event.key === "Escape") { done(); input.blur(); }
    if (event.key === "Enter") list.querySelector("button")?.click();
  };
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest(".filter")) close(); });
}

function suggestion(name, op, choose) {
  const button = element("button", { type: "button" }, element("span", { textContent: name }), element("span", { className: "op", textContent: op }));
  button.onclick = choose;
  return button;
}

/* The section in sight is marked in the list of contents. */
function followContents() {
  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
  const watch = new IntersectionObserver((found) => {
    for (const { target, isIntersecting } of found) if (isIntersecting) for (const [id, link] of links) link.classList.toggle("here", id === target.id);
  }, { rootMargin: "-20% 0px -70% 0px" });
  for (const card of document.querySelectorAll("section")) watch.observe(card);
}

async function start() {
  startTheme();
  data = await readData();
  showTitle();
  for (const show of views) show();
  showFoot();
  document.querySelector(".filter").hidden = !data.layers;
  if (data.layers) {
    showSelection();
    startFilter();
  }
  onChange(() => { for (const entry of charts) redraw(entry); });
  followContents();
  document.documentElement.dataset.ready = "yes";
}

start().catch((error) => {
  const box = document.getElementById("fail");
  box.textContent = `This report could not be shown: ${error.message}`;
  box.hidden = false;
  throw error;
});

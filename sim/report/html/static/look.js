/* Colours, numbers as people read them, and small pieces of HTML. */
const SPARE = ["#ff9da6", "#59a5d8", "#a0cb6c", "#8a8fa3", "#c76d9c", "#6f7fd1", "#9d755d"];
const UTILIZATION = { light: ["#eaf0f6", "#b7d3e8", "#63a8d0", "#1f74ad", "#0a3f73"],
  dark: ["#1f2b37", "#1d4d77", "#2a82b8", "#57bfdb", "#dff7ea"] };
const LOAD = { light: ["#d3d9e0", "#f7c08a", "#f28a2c", "#c9480f", "#86140e"],
  dark: ["#33404d", "#7a4a1c", "#c56a18", "#ff9b45", "#ffe6bf"] };
const STALLS = { fill: ["before the first firing", "#b9c2cc"], input: ["input", "#4c78a8"],
  room: ["room for output", "#b279a2"], resource: ["busy resource", "#f58518"], network: ["busy link", "#e45756"] };
const OWN = new Map();

function theme() { return document.documentElement.dataset.theme; }
function css(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

function colourOf(name) {
  if (data.colours[name]) return data.colours[name];
  if (!OWN.has(name)) OWN.set(name, SPARE[OWN.size % SPARE.length]);
  return OWN.get(name);
}

function layerColour(i, n) {
  const hue = (250 + 300 * (i / Math.max(1, n - 1))) % 360;
  const light = (theme() === "dark" ? 56 : 52) + (i % 2 ? 7 : -5);
  return `hsl(${hue.toFixed(0)} 55% ${light}%)`;
}

function ramp(stops, share) {
  const at = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(at));
  const mix = [1, 3, 5].map((k) => {
    const [a, b] = [stops[i], stops[i + 1]].map((c) => parseInt(c.slice(k, k + 2), 16));
    return Math.round(a + (b - a) * (at - i));
  });
  return `rgb(${mix.join(",")})`;
}

function rampCss(stops) { return `linear-gradient(90deg, ${stops.join(", ")})`; }

const PREFIXES = { "-15": "f", "-12": "p", "-9": "n", "-6": "µ", "-3": "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P" };

function si(value, unit = "") {
  if (!value || !isFinite(value)) return `${value} ${unit}`.trim();
  const exponent = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(3)))));
  const power = Math.min(15, Math.max(-15, 3 * Math.floor(exponent / 3)));
  const digits = Math.max(0, 2 - (exponent - power));
  return `${(value / 10 ** power).toFixed(digits)} ${PREFIXES[power]}${unit}`.trim();
}

function axisSi(value, unit = "") { return value === 0 ? "0" : si(value, unit).replace(/(\.\d*?)0+(?= |$)/, "$1").replace(/\.(?= |$)/, ""); }

function percent(share) {
  if (!share) return "0 %";
  if (Math.abs(share) < 0.0005) return "<0.1 %";
  return `${(100 * share).toFixed(Math.abs(share) >= 0.0995 ? 0 : 1)} %`;
}

function signed(change) {
  if (Math.abs(change) < 0.0005) return "0 %";
  return (change > 0 ? "+" : "−") + percent(Math.abs(change));
}

function escaped(text) { return String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`); }

function shorten(name, width) {
  if (name.length <= width) return name;
  const keep = width - 1;
  return name.slice(0, Math.floor(keep / 2)) + "…" + name.slice(name.length - Math.ceil(keep / 2));
}

/* Names cut to what fits beside an axis that many pixels from the left. */
function fitting(pixels) { return (name) => shorten(name, Math.floor((pixels - 10) / 7)); }

function tip(title, rows) {
  const lines = rows.map(([name, value]) => `<tr><td>${escaped(name)}</td><td>${escaped(value)}</td></tr>`);
  return `<div class="tip"><b>${escaped(title)}</b><table>${lines.join("")}</table></div>`;
}

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("aria-") || key === "for") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/* A row of buttons of which one is pressed. */
function segments(label, choices, chosen, choose) {
  const group = element("div", { className: "segments", role: "group", "aria-label": label });
  for (const [value, text] of choices) {
    const button = element("button", { type: "button", textContent: text, "aria-pressed": value === chosen });
    button.dataset.value = value;
    button.onclick = () => {
      for (const other of group.children) other.setAttribute("aria-pressed", other === button);
      choose(value);
    };
    group.append(button);
  }
  return group;
}

function dropdown(label, choices, chosen, choose) {
  const select = element("select", { "aria-label": label });
  for (const [value, text] of choices) select.append(new Option(text, value, false, value === chosen));
  select.onchange = () => choose(select.value);
  return select;
}

function toggle(text, pressed, choose) {
  const button = element("button", { type: "button", className: "tool", textContent: text, "aria-pressed": pressed });
  button.onclick = () => {
    pressed = !pressed;
    button.setAttribute("aria-pressed", pressed);
    choose(pressed);
  };
  return button;
}

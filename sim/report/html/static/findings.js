/* What matters most; from `ohmsum profile`. */
function showFindings() {
  const found = data.profile?.findings ?? [];
  if (!found.length) return;
  const card = section("findings", "Findings", "");
  card.append(element("ul", { className: "findings" }, ...found.map((one) => element("li", {},
    element("span", { className: "kind", textContent: one.kind }),
    element("span", {}, one.text, one.fields.length ? element("span", { className: "fields", textContent: one.fields.join("  ") }) : null)))));
}

views.push(showFindings);

"""Does the report page load, show what the run says, and respond, in a real browser?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import ohmsum
import pytest
from ohmsum.sim.answers.run import Run
from ohmsum.sim.mapping.assignment import InBlocks
from ohmsum.sim.report.html import to_html
from ohmsum.sim.report.html.page import _pretty
from ohmsum.tools.profile.as_json import to_json
from ohmsum.tools.profile.profile import profile
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from ..kit.browser import PHONE, Page, chromium
from ..kit.jobs import job

CHARTS = {
    "floorplan-chart",
    "busiest-chart",
    "path-sums",
    "path-chart",
    "timeline-chart",
    "time-chart",
    "energy-components",
    "energy-chart",
    "stalls-chart",
    "roofline-chart",
}


@pytest.fixture(scope="module")
def resnet18() -> Run:
    return ohmsum.run("resnet18", "isaac")


@pytest.fixture(scope="module")
def page(resnet18: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "report.html").write_text(to_html(resnet18), encoding="utf-8")
    with chromium(folder / "profile") as driver:
        yield Page(driver, folder / "report.html")


@pytest.fixture(autouse=True)
def _everything_shown(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test leaves the shared page as it found it, and without a complaint of the browser."""
    yield
    if "page" in request.fixturenames:
        page: Page = request.getfixturevalue("page")
        page.run("state.layers = new Set(); changed()")
        assert page.errors() == []


def test_every_chart_is_drawn(page: Page) -> None:
    assert set(page.js("charts.map((c) => c.node.id)")) == CHARTS
    for chart in sorted(CHARTS):
        page.show(chart)
        colours = page.run(
            f"const canvas = document.querySelector('#{chart} canvas');"
            "const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);"
            "return new Set(new Uint32Array(data.buffer)).size"
        )
        assert colours > 5, f"{chart} is blank"


def test_page_needs_nothing_else(page: Page) -> None:
    assert page.js("performance.getEntriesByType('resource').map((e) => e.name)") == []


def test_page_shows_the_figures_of_the_run(page: Page, resnet18: Run) -> None:
    assert page.js("document.querySelector('h1').textContent") == "resnet18 on isaac"
    values = page.js("Object.fromEntries(data.figures.map((f) => [f.name, f.value]))")
    assert float(values["Latency"].split()[0]) == pytest.approx(resnet18.latency_s * 1e6, rel=0.01)
    assert values["Tiles"] == f"{resnet18.mapping.tiles_used} / {resnet18.mapping.tiles_total}"
    assert page.js("document.querySelectorAll('#layer-table tbody tr').length") == len(resnet18.layers)


def test_path_in_the_page_adds_up_to_the_latency(page: Page, resnet18: Run) -> None:
    for by in ("class", "layer", "cause"):
        total = page.js(f"pathSums('{by}').reduce((sum, [, t]) => sum + t, 0)")
        largest = 18 if by == "layer" else None
        expected = sum(list(resnet18.critical_path.by_layer_s.values())[:largest])
        assert total == pytest.approx(expected if by == "layer" else resnet18.latency_s, rel=1e-12)


def test_power_over_time_in_the_page_integrates_to_the_energy(page: Page, resnet18: Run) -> None:
    joules = page.js("powerSeries().reduce((sum, w, b) => sum + w * binWidth(b), 0)")
    dynamic = resnet18.energy.total_j - resnet18.energy.static_j
    assert joules == pytest.approx(dynamic, rel=0.005), "shares are kept in 255 steps"


def test_busy_shares_in_the_page_are_those_of_the_run(page: Page, resnet18: Run) -> None:
    shown = page.js("Array.from(resourceBusy())")
    for found, expected in zip(shown, resnet18.busy.resource_utilization.tolist(), strict=True):
        assert found == pytest.approx(expected, abs=0.004)


def test_choosing_a_layer_by_its_name_filters_everything(page: Page, resnet18: Run) -> None:
    name = next(layer.name for layer in resnet18.layers if layer.op == "Conv")
    box = page.driver.find_element("id", "filter")
    box.send_keys(name)
    shown = page.driver.find_elements("css selector", "#suggestions button")
    assert shown[0].text == f"All {len(shown) - 1} that match"
    next(button for button in shown if button.text.split("\n")[0] == name).click()
    page.until("state.layers.size")
    assert page.js("[...state.layers].map((i) => data.layers[i].name)") == [name]
    assert page.js("document.querySelector('#selection .chip span').textContent") == name
    energy = sum(resnet18.energy.layer_components_j(name).values())
    assert page.js("componentSums().reduce((sum, [, a, b]) => sum + a + b, 0)") == pytest.approx(energy)
    on_path = resnet18.critical_path.by_layer_s.get(name, 0.0)
    assert page.js("pathSums('class').reduce((sum, [, t]) => sum + t, 0)") == pytest.approx(on_path)
    assert page.js("energyRows().length") == 1
    assert page.js("timelineRows().map((row) => row.name)") == [name]
    page.click("#clear")
    assert page.js("state.layers.size") == 0
    assert not page.driver.find_element("id", "selection").is_displayed()


def test_search_takes_all_that_match_by_the_enter_key(page: Page, resnet18: Run) -> None:
    page.driver.find_element("id", "filter").send_keys("downsample", Keys.ENTER)
    found = page.js("[...state.layers].map((i) => data.layers[i].name)")
    assert found == [layer.name for layer in resnet18.layers if "downsample" in layer.name]
    assert len(found) > 1


def test_clicking_a_tile_chooses_its_layers(page: Page, resnet18: Run) -> None:
    page.show("floorplan-chart")
    tile = next(t for t in reversed(resnet18.mapping.assignments) if isinstance(t, InBlocks)).tiles[0]
    x, y = page.run(
        "const chart = charts.find((c) => c.node.id === 'floorplan-chart');"
        "const layout = planLayout(chart.node.clientWidth);"
        f"const [left, top] = layout.origin(0), [dx, dy] = data.floorplan.tiles[{tile}];"
        "const at = chart.plot.convertToPixel({gridIndex: 0}, [left + dx + 0.2, top + dy + 0.8]);"
        "const box = chart.node.getBoundingClientRect(); return [box.x + at[0], box.y + at[1]]"
    )
    actions = ActionChains(page.driver)
    actions.w3c_actions.pointer_action.move_to_location(round(x), round(y)).click()
    actions.perform()
    page.until("state.layers.size")
    chosen = set(page.js("[...state.layers].map((i) => data.layers[i].name)"))
    assert chosen == {a.operator for a in resnet18.mapping.assignments if tile in (*a.tiles, *a.sources)} - {
        a.operator for a in resnet18.mapping.assignments if a.place in ("host", "chip_unit")
    }


@pytest.mark.parametrize("mode", ["energy", "layer", "utilization"])
def test_floorplan_has_other_colours(page: Page, mode: str) -> None:
    page.show("floorplan-chart")
    page.click(f"#floorplan button[data-value={mode}]")
    assert page.js("plan.mode") == mode
    fills = page.js("tileFills().fills.map((colours) => colours.join())")
    assert len(set(fills)) > 5
    picker = page.driver.find_element("css selector", "#floorplan select")
    assert picker.is_displayed() == (mode == "utilization")


def test_charts_over_time_zoom_together(page: Page) -> None:
    for chart in ("timeline-chart", "time-chart"):
        page.show(chart)
    page.run(
        "charts.find((c) => c.node.id === 'timeline-chart').plot"
        ".dispatchAction({type: 'dataZoom', dataZoomIndex: 0, start: 20, end: 40})"
    )
    zoom = "charts.find((c) => c.node.id === 'time-chart').plot.getOption().dataZoom[0]"
    page.until(f"{zoom}.start === 20 && {zoom}.end === 40")
    page.run("state.window = [0, 100]; for (const chart of charts) redraw(chart)")


def test_table_sorts_and_chooses(page: Page, resnet18: Run) -> None:
    energy = next(
        h for h in page.driver.find_elements("css selector", "#layer-table th") if h.text == "energy"
    )
    page.run("document.getElementById('layers').scrollIntoView({behavior: 'instant'})")
    energy.click()
    first = "document.querySelector('#layer-table tbody tr td').textContent"
    most = max(resnet18.layers, key=lambda layer: layer.energy_j).name
    assert page.js(first) == most
    page.click("#layer-table tbody tr")
    assert page.js("[...state.layers].map((i) => data.layers[i].name)") == [most]
    page.run("table.column = 0; table.down = false")


def test_theme_follows_the_button(page: Page) -> None:
    before = page.js("css('--bg')")
    page.click("#theme")
    assert page.js("theme()") == "dark"
    assert page.js("css('--bg')") != before
    page.click("#theme")
    assert page.js("css('--bg')") == before


def test_phone_in_the_dark(resnet18: Run, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(to_html(resnet18), encoding="utf-8")
    with chromium(tmp_path / "profile", PHONE, dark=True) as driver:
        page = Page(driver, file)
        assert page.js("theme()") == "dark"
        assert page.js("document.documentElement.scrollWidth <= innerWidth"), "nothing wider than the screen"
        for chart in sorted(CHARTS):
            page.show(chart)
        assert page.errors() == []


def test_profile_of_a_digital_chip(tmp_path: Path) -> None:
    """MAC arrays instead of tiles; findings and what-if are in the page."""
    found = profile(job("lenet5", chip="systolic"), jobs=1)
    file = tmp_path / "report.html"
    file.write_text(to_html(found.run, profile=to_json(found)), encoding="utf-8")
    with chromium(tmp_path / "profile") as driver:
        page = Page(driver, file)
        shown = page.js(
            "[...document.querySelectorAll('.findings li > span:nth-child(2)')].map((e) => e.firstChild.data)"
        )
        assert shown == [finding.text for finding in found.findings]
        for chart in page.js("charts.map((c) => c.node.id)"):
            page.show(chart)
        assert found.what_if is not None
        bars = page.js("charts.find((c) => c.node.id === 'what-if-chart').plot.getOption().series[1].data")
        gains = {t.gain(found.what_if.base, "latency") for t in found.what_if.trials if t.factor == 2.0}
        assert {round(-bar, 9) for bar in bars if bar is not None} <= {round(gain, 9) for gain in gains}
        assert any(bar for bar in bars)
        assert page.errors() == []


def test_names_are_text_and_never_code(resnet18: Run, tmp_path: Path) -> None:
    bad = "</title><script>window.broken = 1</script><img src=x onerror='window.broken = 2'>"
    run = replace(resnet18, network=replace(resnet18.network, name=bad))
    file = tmp_path / "report.html"
    file.write_text(to_html(run), encoding="utf-8")
    with chromium(tmp_path / "profile") as driver:
        page = Page(driver, file)
        page.run(
            "document.body.insertAdjacentHTML('beforeend', tip(data.network, [[data.network, data.network]]))"
        )
        assert page.js("document.querySelector('h1').textContent").startswith(bad)
        assert page.js("document.title").startswith(bad)
        assert page.js("typeof window.broken") == "undefined"
        assert page.js("document.querySelectorAll('img').length") == 0


@pytest.mark.parametrize(
    ("plain", "pretty"),
    [
        ("321 us", "321 µs"),
        ("85.4 mm2", "85.4 mm²"),
        ("99 % used", "99 % used"),
        ("1 unit of 4 uJ", "1 unit of 4 µJ"),
    ],
)
def test_units_are_written_as_people_do_and_words_are_left(plain: str, pretty: str) -> None:
    assert _pretty(plain) == pretty

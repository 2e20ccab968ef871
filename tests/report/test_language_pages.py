"""Do the pages of language models and of requests load, and show what the answer says, in a real browser?"""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum
from pathlib import Path

import ohmsum
import pytest
from ohmsum.sim.answers.base import Answer
from ohmsum.sim.answers.generation import Generation
from ohmsum.sim.answers.run import Run
from ohmsum.sim.answers.serving import Serving
from ohmsum.sim.language import generate
from ohmsum.sim.language.serving import serve
from ohmsum.tools.cli import main
from ohmsum.workloads.language_model import LanguageModel

from ..kit.browser import PHONE, Page, chromium
from ..kit.small_decoder import decoder, scribe
from ..kit.training_steps import ONE, trainable
from ..kit.training_steps import run as train

CHARTS = {
    "generation": {
        "tokens-chart",
        "made-chart",
        "cache-chart",
        "reads-chart",
        "shares-chart",
        "shares-chart-1",
    },
    "serving": {"within-chart", "load-chart", "queue-chart", "iterations-chart", "shares-chart"},
}


@pytest.fixture(scope="module")
def generation() -> Generation:
    return generate(LanguageModel.of(decoder(layers=2)), scribe(), prefill=5, decode=7, batch=3)


@pytest.fixture(scope="module")
def service() -> Serving:
    model = LanguageModel.of(decoder())
    return serve(model, scribe(), arrival="every 2 us", requests=12, prefill=4, decode=3, batch=2)


@pytest.fixture(scope="module")
def requests() -> Run:
    return ohmsum.run("lenet5", "isaac", batch=40, arrival="poisson 40000/s")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    with chromium(tmp_path_factory.mktemp("pages") / "profile") as driver:
        yield driver


def opened(driver: object, answer: Answer, folder: Path) -> Page:
    file = folder / "report.html"
    file.write_text(answer.to_html(), encoding="utf-8")
    return Page(driver, file)  # type: ignore[arg-type]


def is_drawn(page: Page, chart: str) -> bool:
    page.show(chart)
    colours = page.run(
        f"const canvas = document.querySelector('#{chart} canvas');"
        "const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);"
        "return new Set(new Uint32Array(data.buffer)).size"
    )
    return bool(colours > 5)


@pytest.mark.parametrize("kind", CHARTS)
def test_every_chart_is_drawn(
    kind: str, browser: object, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    answer: Answer = request.getfixturevalue({"generation": "generation", "serving": "service"}[kind])
    page = opened(browser, answer, tmp_path)
    assert set(page.js("charts.map((c) => c.node.id)")) == CHARTS[kind]
    for chart in sorted(CHARTS[kind]):
        assert is_drawn(page, chart), f"{chart} is blank"
    assert page.js("performance.getEntriesByType('resource').map((e) => e.name)") == []
    assert page.errors() == []
    assert page.js("document.querySelector('h1').textContent") == answer.title
    assert page.js("document.querySelector('.filter').hidden") is True


def test_page_of_a_generation_says_what_it_knows(
    generation: Generation, browser: object, tmp_path: Path
) -> None:
    page = opened(browser, generation, tmp_path)
    assert page.js("data.tokens.mean_s.length") == generation.n_decode - 1 == len(generation.contexts)
    assert page.js("[...data.tokens.mean_s]") == pytest.approx(list(generation.time_per_token_s))
    assert page.js("data.made.n.at(-1)") == generation.n_decode * generation.n_sequences
    assert page.js("data.made.time_s.at(-1)") == pytest.approx(generation.total_s)
    assert page.js("data.made.time_s[0]") == pytest.approx(generation.first_token_fs[0] * 1e-15)
    phases = page.js("data.cache.phases")
    assert sum(phase["read_bytes"] for phase in phases) == generation.cache.read_bytes
    assert sum(phase["written_bytes"] for phase in phases) == generation.cache.held_bytes
    rows = page.js("data.shares[0].rows")
    energies = [fsum(row["values"].values()) for row in rows if row["unit"] == "J"]
    per_prompt = [generation.prefill.energy_j / generation.n_sequences]
    assert energies == pytest.approx([*per_prompt, generation.phases["decode"].energy_j])


def test_reads_of_the_steps_add_up(generation: Generation) -> None:
    """What all steps read is what the decoding phase reads, to the byte where a value is a whole byte."""
    assert sum(generation.read_bytes_by_step) == generation.cache_by_phase["decode"].read_bytes
    assert list(generation.read_bytes_by_step) == sorted(generation.read_bytes_by_step)


def test_page_of_a_service_says_what_it_knows(service: Serving, browser: object, tmp_path: Path) -> None:
    page = opened(browser, service, tmp_path)
    last = "data.requests.times.find((t) => t.name === 'last token').values"
    assert page.js(f"{last}.at(-1)") == pytest.approx(service.latency.max_s)
    rows = {row["name"]: row for row in page.js("data.requests.rows")}
    assert rows["time to first token"]["p99"] == pytest.approx(service.time_to_first_token.p99_s)
    rates = dict(page.js("data.requests.rates"))
    assert rates["capacity"] == pytest.approx(service.capacity_per_s)
    assert page.js("document.querySelector('#requests .lead').textContent").endswith(f"{service.verdict}.")
    counts = page.js("countOver(data.requests.arrival_s, data.requests.end_s)")
    assert counts[-1][1] == 0, "nobody is left"
    most = max(n for _, n in counts)
    assert most >= max(len(i.contexts) + i.n_prompts for i in service.iterations)
    running = page.js("countOver(data.requests.admitted_s, data.requests.end_s)")
    assert max(n for _, n in running) <= service.most_running


def test_requests_on_the_page_of_a_run(requests: Run, browser: object, tmp_path: Path) -> None:
    page = opened(browser, requests, tmp_path)
    for chart in ("within-chart", "load-chart", "queue-chart"):
        assert is_drawn(page, chart), f"{chart} is blank"
    found = requests.requests
    assert found is not None
    counts = page.js("countOver(data.requests.arrival_s, data.requests.end_s)")
    assert max(n for _, n in counts) == found.most_in_system
    assert page.errors() == []


def test_phases_on_the_page_of_a_training_step(browser: object, tmp_path: Path) -> None:
    step = train(ONE, trainable(), 3)
    page = opened(browser, step, tmp_path)
    assert is_drawn(page, "shares-chart")
    path = next(row for row in page.js("data.shares[0].rows") if row["name"] == "critical path")
    assert fsum(path["values"].values()) == pytest.approx(step.latency_s)
    names = page.js("data.figures.map((f) => f.name)")
    assert "Samples" in names
    assert "Throughput" not in names
    assert page.errors() == []


@pytest.mark.parametrize("dark", [False, True])
def test_pages_fit_a_phone(generation: Generation, service: Serving, tmp_path: Path, dark: bool) -> None:
    with chromium(tmp_path / "profile", PHONE, dark=dark) as driver:
        for name, answer in (("generation", generation), ("serving", service)):
            page = opened(driver, answer, tmp_path)
            assert page.js("document.documentElement.dataset.theme") == ("dark" if dark else "light")
            assert page.js("document.documentElement.scrollWidth") <= PHONE[0]
            for chart in sorted(CHARTS[name]):
                assert is_drawn(page, chart)
            assert page.errors() == []


def test_command_writes_the_page_of_a_language_model(tmp_path: Path) -> None:
    asked = ["run", "gpt2", "--chip", "systolic", "--prefill", "4", "--decode", "2"]
    assert main([*asked, "--out", str(tmp_path)]) == 0
    assert {file.name for file in tmp_path.iterdir()} == {"result.json", "report.txt", "report.html"}
    assert "gpt2 on systolic" in (tmp_path / "report.html").read_text(encoding="utf-8")

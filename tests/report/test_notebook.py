"""What a notebook shows of an answer: one line of text, and a small page with one picture."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import ohmsum
import pytest
from ohmsum import arch
from ohmsum.sim.answers.base import Answer
from ohmsum.sim.answers.run import Run
from ohmsum.sim.language import generate
from ohmsum.sim.language.serving import serve
from ohmsum.sim.report import picture
from ohmsum.sim.report.colours import of_classes
from ohmsum.workloads.language_model import LanguageModel

from ..kit.small_decoder import decoder, scribe
from ..kit.training_steps import ONE, trainable
from ..kit.training_steps import run as train

MOST_LINES = 60


def generation() -> Answer:
    return generate(LanguageModel.of(decoder()), scribe(), prefill=4, decode=3, batch=2)


def service() -> Answer:
    model = LanguageModel.of(decoder())
    return serve(model, scribe(), arrival="every 1 us", requests=5, prefill=3, decode=2, batch=2)


ANSWERS: dict[str, Callable[[], Answer]] = {
    "run": lambda: ohmsum.run("lenet5", "isaac"),
    "large run": lambda: ohmsum.run("resnet18", "isaac"),
    "training": lambda: train(ONE, trainable(), 2),
    "generation": generation,
    "service": service,
}


@pytest.mark.parametrize("what", ANSWERS)
def test_last_line_of_a_cell(what: str) -> None:
    answer = ANSWERS[what]()
    assert "\n" not in repr(answer)
    assert len(repr(answer)) < 200
    assert answer.title in repr(answer)
    html = answer._repr_html_()
    assert len(html.splitlines()) <= MOST_LINES
    assert len(html) < 20_000
    assert "<script" not in html
    (svg,) = re.findall(r"<svg.*</svg>", html, re.DOTALL)
    drawing = ElementTree.fromstring(svg)
    assert len(drawing) > 5
    text = " ".join(ElementTree.fromstring(f"<div>{html}</div>").itertext())
    assert answer.network_name in text


def test_critical_path_is_drawn_to_scale() -> None:
    """The widths of a colour add up to the time of its class, but for what is thinner than a hair."""
    run: Run = ohmsum.run("lenet5", "isaac")
    scale = (picture.WIDTH - picture.LEFT - picture.RIGHT) / run.latency_s
    colours = of_classes(run.critical_path.by_class_s)
    drawn = dict(re.findall(r'<path fill="(#\w+)" d="([^"]*)"', picture.critical_path(run)))
    for klass, time_s in run.critical_path.by_class_s.items():
        widths = list(map(float, re.findall(r"h([0-9.]+)v", drawn[colours[klass]])))
        assert sum(widths) == pytest.approx(time_s * scale, abs=0.55 * len(widths))


def test_a_figure_of_one_alone_is_no_throughput() -> None:
    chip = arch.load("isaac")
    network = ohmsum.load_network("mlp")
    alone, batch = ohmsum.run(network, chip), ohmsum.run(network, chip, batch=4)
    assert "1/latency" in repr(alone)
    assert "throughput" not in alone.report()
    assert "throughput" in repr(batch)
    assert "1/latency" not in batch.report()

"""Does every network run on every chip, and does every run obey what must hold for all of them?"""

from __future__ import annotations

import json
import re
from pathlib import Path

import onnx
import pytest
from ohmsum import arch
from ohmsum.sim.answers.run import Run
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.mapping import map_network
from ohmsum.sim.metrics.invariants import check_invariants, check_mapping_bounds
from ohmsum.sim.report.json_result import dumps
from ohmsum.sim.simulate import simulate
from ohmsum.workloads.graph import Network
from ohmsum.workloads.load import load, names

TRAINED = sorted((Path(__file__).parents[1] / "data" / "networks").glob("*.onnx"))
LIGHT = sorted((Path(onnx.__file__).parent / "backend" / "test" / "data" / "light").glob("*.onnx"))
"""Real ImageNet graphs of opset 9, whose weights are constants; they come with the onnx package."""

BIND = {"silero_vad_16k_sequence": {"sequence_length": 32}, "magika_standard_v3_3": {"unk__214": 1}}
"""Dimensions that the files leave open."""


def read(network: str) -> Network:
    """A network by zoo name or path."""
    return load(network, bind=BIND.get(Path(network).stem))


def chips_needed(network: str, chip: str) -> int | None:
    """None if one chip is enough, else the number that the refusal names."""
    try:
        map_network(read(network), arch.load(chip))
    except SimulationError as error:
        found = re.search(r"tiles missing \(largest layer: .*\)\nuse `chips: (\d+)`", str(error))
        if found is None:
            raise
        return int(found[1])
    return None


def run_twice(network: str, chip: str, n_chips: int | None) -> Run:
    """Run, check the invariants, and check that a second run writes the same bytes apart from `wall_s`."""
    texts = []
    for _ in range(2):
        run = simulate(read(network), arch.load(chip, n_chips=n_chips))
        result = run.to_json()
        del result["wall_s"]
        texts.append(dumps(result))
    check_invariants(run)
    check_mapping_bounds(run)
    assert texts[0] == texts[1]
    return run


@pytest.mark.parametrize("chip", ["isaac", "hermes-64", "systolic"])
@pytest.mark.parametrize("network", names())
def test_zoo(network: str, chip: str) -> None:
    """A network too large for one chip is refused with a number of chips on which it then runs."""
    n_chips = chips_needed(network, chip)
    run = run_twice(network, chip, n_chips)
    assert run.mapping.tiles_used <= run.mapping.tiles_total


@pytest.mark.parametrize("path", [*TRAINED, *LIGHT], ids=lambda path: path.stem)
def test_files_on_isaac(path: Path) -> None:
    assert len(TRAINED) == 5
    assert len(LIGHT) == 9
    n_chips = chips_needed(str(path), "isaac")
    run_twice(str(path), "isaac", n_chips)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_both_engines_write_the_same_file(engine: str) -> None:
    results = []
    for name in ("compiled", engine):
        result = simulate(load("resnet18"), arch.load("isaac"), batch=2, engine=name).to_json()
        del result["wall_s"]
        results.append(json.loads(dumps(result)))
    assert results[0] == results[1]

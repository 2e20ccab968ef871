"""Does the bench measure what it says? Counts and memory; times are for people, and no test looks at them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from ohmsum.sim.engines import compiled, reference
from ohmsum.tools.bench import networks, scalesim, synthetic
from ohmsum.tools.bench.__main__ import main
from ohmsum.tools.bench.measure import cost_of, slope
from ohmsum.tools.bench.text import comparison
from ohmsum.workloads.load import load, names

FAKE_SCALESIM = '''
import math, os
class scalesim:
    """Cycles by the equation of the paper (Samajdar et al., ISPASS 2020), counted from 0."""
    def __init__(self, save_space, verbose, config, topology, layout, gemm):
        assert gemm and save_space and os.path.exists(layout)
        self.side = int(next(l for l in open(config) if l.startswith("ArrayHeight")).split(":")[1])
        lines = open(topology).read().splitlines()[1:]
        self.rows = [[int(x) for x in line.split(",")[1:4]] for line in lines]
    def run_scale(self, top_path):
        os.makedirs(f"{top_path}/bench")
        with open(f"{top_path}/bench/COMPUTE_REPORT.csv", "w") as file:
            file.write("LayerID, Total Cycles (incl. prefetch), Total Cycles, Stall Cycles,\\n")
            for i, (m, n, k) in enumerate(self.rows):
                folds = math.ceil(k / self.side) * math.ceil(n / self.side)
                file.write(f"{i}, 0, {folds * (3 * self.side + m - 2) - 1}, 0,\\n")
'''


def test_exponents() -> None:
    assert slope([2, 4, 8], [3 * 2**1.1, 3 * 4**1.1, 3 * 8**1.1]) == pytest.approx(1.1)
    assert slope([1, 2, 4], [5, 5, 5]) == pytest.approx(0)
    assert slope([7], [1]) is None
    assert slope([7, 7], [1, 2]) is None


def test_peak_memory_is_that_of_the_work_alone() -> None:
    large, _ = cost_of(lambda: float(np.ones(25_000_000).sum()))
    small, result = cost_of(lambda: 3)
    assert result == 3
    assert large.peak_mb - small.peak_mb > 0.9 * 25_000_000 * 8 / 2**20


@pytest.mark.parametrize("visits", [128, 5_000, 40_000])
def test_the_pipeline_has_the_visits_asked_for(visits: int) -> None:
    program = synthetic.pipeline(visits)
    per_round = synthetic.STAGES * synthetic.VISITS
    assert program.visits_per_iteration == visits // per_round * per_round
    result = compiled.run(program, fast_forward=False)
    assert result.n_visits == program.visits_per_iteration
    assert not result.differences(reference.run(program))


def test_the_pipeline_waits_for_everything() -> None:
    """Stages stand still for input, for room and for a resource, so that each path of the engine is timed."""
    result = compiled.run(synthetic.pipeline(40_000))
    assert result.stall_input_fs.sum() > 0
    assert result.stall_room_fs.sum() > 0
    assert result.wait_fs.sum() > 0


def test_the_pipeline_is_small_however_long_it_runs() -> None:
    short, long = synthetic.pipeline(10**6), synthetic.pipeline(10**8)
    assert short.n_visits == long.n_visits == synthetic.STAGES * synthetic.VISITS
    assert len(long.table) < 3_000


def test_every_network_has_the_chips_it_needs() -> None:
    assert set(networks.CHIPS_NEEDED) <= set(names())
    found = networks.costs_of("lenet5")
    assert found.visits == networks.program_of("lenet5").visits_per_iteration
    assert found.peak_mb == max(found.map.peak_mb, found.lower.peak_mb, found.run.peak_mb)
    assert found.cpu_s == found.map.cpu_s + found.lower.cpu_s + found.run.cpu_s


def test_beside_scalesim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in writes the file that SCALE-Sim 3.0 writes; the layers are the shortcuts of ResNet-18."""
    package = tmp_path / "scalesim"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "scale_sim.py").write_text(FAKE_SCALESIM)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert scalesim.installed(sys.executable)
    found = scalesim.compare(sys.executable)
    shapes = [(row.layer.vectors, row.layer.k, row.layer.n) for row in found.rows]
    assert shapes == [(28 * 28, 64, 128), (14 * 14, 128, 256), (7 * 7, 256, 512)]
    assert [row.our_cycles for row in found.rows] == [row.their_cycles for row in found.rows]
    total = sum(
        -(-o.matrix.k // 32) * -(-o.matrix.n // 32) * (94 + o.output.grid.n_tokens)
        for o in load("resnet18").operators
        if o.matrix is not None
    )
    assert found.our_cycles == total


def test_without_scalesim() -> None:
    assert not scalesim.installed("no-such-interpreter")


def test_the_whole_bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(synthetic, "SIZES", (1_000, 4_000))
    file = tmp_path / "bench.json"
    command = ["mlp", "lenet5", "--rated", "mlp", "--scalesim", "no-such-interpreter"]
    assert main([*command, "--json", str(file)]) == 0
    found = json.loads(file.read_text())
    assert [row["network"] for row in found["networks"]] == ["mlp", "lenet5"]
    assert [row["visits"] for row in found["synthetic"]] == [896, 3968]
    assert found["rates"][0]["visits"] == networks.program_of("mlp").visits_per_iteration
    assert found["scalesim"] is None
    assert "engines on mlp" in capsys.readouterr().out
    same = list(comparison(found, found))
    assert same[0].startswith("new / old: ")
    assert any("lenet5" in line and "lower 1.00" in line and "visits 1.00" in line for line in same)
    halved = json.loads(file.read_text())
    halved["rates"][0]["compiled_per_s"] /= 2
    assert any("compiled_per_s 0.50" in line for line in comparison(found, halved))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["resnet5"], "network: found 'resnet5', expected one of"),
        (["--compare", "nowhere.json"], "--compare nowhere.json: cannot be read"),
    ],
)
def test_mistakes(arguments: list[str], message: str) -> None:
    with pytest.raises(SystemExit) as error:
        main(arguments)
    assert message in str(error.value)


def test_another_file_is_no_earlier_bench(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_text('{"schema": "ohmsum-result/1"}')
    with pytest.raises(SystemExit, match="expected a file of this bench"):
        main(["--compare", str(file)])

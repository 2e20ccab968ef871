"""The same layers on SCALE-Sim (`pip install scalesim`, Samajdar et al., ISPASS 2020): cycles and time.

SCALE-Sim needs an older NumPy than we may have, so it runs in an interpreter of its own. Both simulate a
32 x 32 weight-stationary array; SCALE-Sim a few layers of ResNet-18 as matrix products, we the whole network.
It reports the number of the last cycle, counted from 0, which is one less than the cycles it takes.
"""

from __future__ import annotations

import csv
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ...workloads.graph import Network
from .measure import cost_of

NETWORK = "resnet18"
SIDE = 32
"""Rows and columns of the array."""
N_LAYERS = 3
_SLOW_UNIT_CYCLES = "1000"
"""Of a multiplication on the vector unit: all matrices stay on the array, the one thing SCALE-Sim has."""

_CONFIG = """\
[general]
run_name = bench
[architecture_presets]
ArrayHeight: {side}
ArrayWidth: {side}
IfmapSramSzkB: 4096
FilterSramSzkB: 4096
OfmapSramSzkB: 4096
IfmapOffset: 0
FilterOffset: 10000000
OfmapOffset: 20000000
Bandwidth: 10
Dataflow: ws
MemoryBanks: 1
ReadRequestBuffer: 32
WriteRequestBuffer: 32
[sparsity]
SparsitySupport: false
SparseRep: ellpack_block
OptimizedMapping: false
BlockSize: 8
RandomNumberGeneratorSeed: 40
[layout]
IfmapCustomLayout: False
FilterCustomLayout: False
IfmapSRAMBankBandwidth: 10
IfmapSRAMBankNum: 10
IfmapSRAMBankPort: 2
FilterSRAMBankBandwidth: 10
FilterSRAMBankNum: 10
FilterSRAMBankPort: 2
[run_presets]
InterfaceBandwidth: CALC
UseRamulatorTrace: False
"""

_SCRIPT = """\
import time
from scalesim.scale_sim import scalesim
start = time.process_time()
run = scalesim(True, False, "config.cfg", "layers.csv", "layout.csv", True)
run.run_scale(top_path="out")
open("cpu_s", "w").write(str(time.process_time() - start))
"""


@dataclass(frozen=True)
class Layer:
    """A matrix of k x n weights applied to so many vectors; `name` is its operator."""

    name: str
    vectors: int
    k: int
    n: int


@dataclass(frozen=True)
class ScaleSimRow:
    """One layer on both simulators; cycles that the array computes."""

    layer: Layer
    their_cycles: int
    our_cycles: int


@dataclass(frozen=True)
class ScaleSimComparison:
    """The layers, and the processor time that each simulator took for what it simulated.

    Attributes
    ----------
    rows : tuple of ScaleSimRow
    their_cpu_s : float
        For these layers.
    our_cpu_s, our_cycles : float, int
        For the whole network: map, lower and run; cycles of the array.
    """

    rows: tuple[ScaleSimRow, ...]
    their_cpu_s: float
    our_cpu_s: float
    our_cycles: int

    @property
    def speedup(self) -> float:
        """Our cycles per second of processor time / theirs."""
        their_cycles = sum(row.their_cycles for row in self.rows)
        return self.our_cycles / self.our_cpu_s * self.their_cpu_s / their_cycles


def installed(python: str) -> bool:
    """Whether that interpreter has scalesim."""
    command = [python, "-c", "import scalesim"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def compare(python: str) -> ScaleSimComparison:
    """Run both; `python` is the interpreter that has scalesim."""
    from ...arch import load as load_chip
    from ...sim.engines import compiled
    from ...sim.lowering import lower
    from ...sim.mapping import map_network
    from ...workloads.load import load

    overrides = {
        "mac_array.rows": str(SIDE),
        "mac_array.cols": str(SIDE),
        "units.0.functions.mac": _SLOW_UNIT_CYCLES,
    }
    chip, network = load_chip("systolic", overrides=overrides), load(NETWORK)
    assert chip.mac_array is not None
    compiled.run(lower(map_network(network, chip), chip))
    cost, (program, result) = cost_of(
        lambda: (program := lower(map_network(network, chip), chip), compiled.run(program))
    )
    on_array = {r for r, klass in enumerate(program.resource_class) if klass == "mac_array"}
    cycles: dict[str, int] = {}
    for v, actor in enumerate(program.visit_actor().tolist()):
        used = program.visit_resource[program.visit_resource_start[v] : program.visit_resource_start[v + 1]]
        if on_array & set(used.tolist()):
            layer = program.actor_layer[actor]
            cycles[layer] = cycles.get(layer, 0) + int(result.busy_fs[v]) // chip.mac_array.cycle_fs
    layers = smallest_layers(network, cycles)
    theirs, their_cpu_s = run_scalesim(python, layers)
    rows = tuple(ScaleSimRow(layer, theirs[i], cycles[layer.name]) for i, layer in enumerate(layers))
    return ScaleSimComparison(rows, their_cpu_s, cost.cpu_s, sum(cycles.values()))


def smallest_layers(network: Network, cycles: dict[str, int]) -> list[Layer]:
    """The layers of different shape with the fewest cycles, which SCALE-Sim does within a minute."""
    shapes: dict[tuple[int, int, int], Layer] = {}
    for o in network.operators:
        if o.matrix is not None and o.matrix.groups == 1:
            layer = Layer(o.name, o.output.grid.n_tokens * o.matrix.applications, o.matrix.k, o.matrix.n)
            shapes.setdefault((layer.vectors, layer.k, layer.n), layer)
    return sorted(shapes.values(), key=lambda layer: (cycles[layer.name], layer.name))[:N_LAYERS]


def run_scalesim(python: str, layers: list[Layer]) -> tuple[list[int], float]:
    """Compute cycles of each layer, and processor seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.cfg").write_text(_CONFIG.format(side=SIDE))
        (folder / "layout.csv").write_text("")
        lines = ["Layer, M, N, K,", *(f"layer{i}, {x.vectors}, {x.n}, {x.k}," for i, x in enumerate(layers))]
        (folder / "layers.csv").write_text("\n".join(lines) + "\n")
        subprocess.run([python, "-c", _SCRIPT], cwd=folder, capture_output=True, check=True)
        with (folder / "out" / "bench" / "COMPUTE_REPORT.csv").open() as file:
            rows = list(csv.DictReader(file, skipinitialspace=True))
        cycles = [round(float(row["Total Cycles"])) + 1 for row in rows]
        return cycles, float((folder / "cpu_s").read_text())

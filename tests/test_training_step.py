"""Is a training step what its algebra says, and are its femtoseconds those that the chip's numbers add up to?"""

from __future__ import annotations

from math import fsum

import numpy as np
import pytest
from ohmsum import arch
from ohmsum.arch.chip import Chip
from ohmsum.sim.engines import compiled, reference
from ohmsum.sim.engines.result import EngineResult
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.lowering import lower
from ohmsum.sim.mapping import map_network
from ohmsum.sim.mapping.training import training_network
from ohmsum.sim.program import Program
from ohmsum.sim.run import Run
from ohmsum.sim.training import simulate_training
from ohmsum.workloads.errors import NetworkError
from ohmsum.workloads.graph import Network
from ohmsum.workloads.load import load

from .engines import Engine, each_engine
from .small_networks import NS, SINGLE, matrix, network, round_chip, source

PULSES = "{kind: pulses, pulses: 10, pulse_time: 1 ns, energy: 1 fJ, line_energy: 2 fJ}"


def trainable(update: str = PULSES, **more: str) -> Chip:
    """The chip of round numbers, read backwards in 10 ns, with an ALU that multiplies and subtracts too."""
    functions = "{relu: 1, add: 1, max_pool: 1, mul: 1, sub: 1, mac: 1}"
    return round_chip(
        tile__crossbar__transposed__read_time="10 ns",
        tile__crossbar__update=update,
        tile__crossbar__write_time="100 ns",
        tile__crossbar__write_energy="3 pJ",
        tile__units__alu__functions=functions,
        **more,
    )


def step(net: Network, chip: Chip, batch: int = 1) -> Program:
    return lower(map_network(training_network(net, chip, SINGLE, batch), chip, SINGLE), chip)


def ends(p: Program, result: EngineResult, actor: str, what: str = "end_fs") -> list[int]:
    assert result.firings is not None
    mine = result.firings[result.firings["actor"] == p.actor_name.index(actor)]
    return [int(fs) for fs in mine[what]]


ONE = network(source(16), matrix("fc", "x", 16, 4))
TWO = network(source(16), matrix("fc1", "x", 16, 4, fused=("relu",)), matrix("fc2", "fc1", 4, 4))


class TestTime:
    pytestmark = each_engine

    def test_one_layer(self, engine: Engine) -> None:
        p = step(ONE, trainable())
        result = engine(p, keep_firings=True)
        # As in inference: the input is there at 25; buffer 1, reads 10 and 10 + 4, shift-add 2, buffer 1.
        forward = 25 + 1 + 10 + (10 + 4) + 2 + 1
        assert ends(p, result, "fc") == [forward * NS]
        # To the host: injection 1, head 5, 4 bytes; softmax and difference of 4 are 8 operations at 1 Gop/s.
        loss = forward + 1 + 5 + 4 + 8
        assert ends(p, result, "fc.loss") == [loss * NS]
        # Back: head 5, ejection 3, 4 bytes. Activation and error are read in 1 each, then 10 pulses of 1 ns.
        update = loss + 5 + 3 + 4 + 1 + 1 + 10
        assert ends(p, result, "fc.update") == [update * NS]
        assert result.makespan_fs == update * NS

    def test_two_layers(self, engine: Engine) -> None:
        p = step(TWO, trainable())
        result = engine(p, keep_firings=True)
        first = 25 + 1 + 10 + (10 + 4) + 2 + 1 + 1  # with its relu
        # To the tile beside: injection 1, hop 3, ejection 3, one flit.
        second = first + 8 + 1 + 10 + (10 + 4) + 2 + 1
        assert ends(p, result, "fc2") == [second * NS]
        loss = second + 1 + 3 + 5 + 4 + 8
        assert ends(p, result, "fc2.loss") == [loss * NS]
        # Host link 5, hop 3, ejection 3, 4 bytes; buffer 1; two slices drive 4 columns, 4 rows are converted.
        backward = loss + 15 + 1 + 10 + (10 + 4) + 2 + 1
        assert ends(p, result, "fc2.backward") == [backward * NS]
        # The weights change when the error has gone back through them: 1 + 1 for the operands, 10 pulses.
        assert ends(p, result, "fc2.update") == [(backward + 12) * NS]
        # To the tile beside 8; error and activation are read in 1, multiplied in 1, written in 1.
        error = backward + 8 + 3
        assert ends(p, result, "fc1.error") == [error * NS]
        assert ends(p, result, "fc1.update") == [(error + 12) * NS]
        assert result.makespan_fs == (error + 12) * NS
        assert "fc1.backward" not in p.actor_name, "nothing before the first layer can be trained"

    def test_the_next_sample_waits_for_the_update_by_pulses(self, engine: Engine) -> None:
        p = step(ONE, trainable(), batch=3)
        result = engine(p, keep_firings=True)
        # One sample after its input is there: 95 - 25. The inputs of the others come meanwhile.
        assert ends(p, result, "fc.update") == [(25 + 70 * (i + 1)) * NS for i in range(3)]
        assert ends(p, result, "fc", "begin_fs") == [(25 + 70 * i) * NS for i in range(3)]

    def test_rows_are_written_once_for_the_batch(self, engine: Engine) -> None:
        p = step(ONE, trainable("{kind: program_verify}"), batch=3)
        result = engine(p, keep_firings=True)
        last_gradient = max(ends(p, result, "fc.gradient"))
        assert ends(p, result, "fc.update", "begin_fs") == [max(ends(p, result, "fc.apply"))]
        assert min(ends(p, result, "fc.apply", "begin_fs")) >= last_gradient
        # 64 new weights of a byte from the buffer (16 per cycle), then 16 rows of 100 ns.
        (begin,), (end,) = ends(p, result, "fc.update", "begin_fs"), ends(p, result, "fc.update")
        assert end - begin == (4 + 16 * 100) * NS

    def test_samples_of_a_batch_overlap_until_then(self, engine: Engine) -> None:
        p = step(ONE, trainable("{kind: program_verify}"), batch=3)
        result = engine(p, keep_firings=True)
        starts = ends(p, result, "fc", "begin_fs")
        # Inputs of 16 bytes follow each other over the host link every 16 ns, products every 2 x 10 ns.
        assert starts == [25 * NS, 41 * NS, 57 * NS]


def test_engines_agree_on_a_convolutional_network() -> None:
    for update in (PULSES, "{kind: program_verify}"):
        chip = arch.load(
            "neurram",
            {"tile.crossbar.transposed.read_time": "4 us", "tile.crossbar.update": update},
        )
        p = step(load("lenet5"), chip, batch=2)
        fast, slow = compiled.run(p, 1), reference.run(p, 1)
        assert fast.makespan_fs == slow.makespan_fs
        assert np.array_equal(fast.busy_fs, slow.busy_fs)
        assert np.array_equal(fast.last_end_fs, slow.last_end_fs)


class TestMacs:
    """Backward and weight gradient cost as much as forward, but for the input gradient of the first layer."""

    @pytest.mark.parametrize("name", ["mlp", "lenet5", "resnet18", "mobilenetv2", "vgg16"])
    @pytest.mark.parametrize("chip", ["systolic", "pulses", "program_verify"])
    def test_three_times_forward_less_the_first(self, name: str, chip: str) -> None:
        net, batch = load(name), 3
        hardware = arch.load("systolic") if chip == "systolic" else _large(chip)
        of = training_network(net, hardware, SINGLE, batch)
        macs = {t: 0 for t in ("forward", "columns", "pulses", "gradient")}
        for o in of.operators:
            assert o.role is not None
            if o.macs or o.product_macs:
                macs[o.role.task] += o.macs + o.product_macs
        first = next(o.macs for o in net.operators if o.matrix is not None)
        assert macs["forward"] == batch * net.macs
        assert macs["columns"] == batch * (net.macs - first)
        assert macs["pulses"] + macs["gradient"] == batch * net.macs
        assert of.macs + of.product_macs == batch * (3 * net.macs - first)

    def test_every_layer_by_itself(self) -> None:
        net = load("resnet18")
        of = {o.name: o for o in training_network(net, _large("pulses"), SINGLE, 1).operators}
        layers = [o for o in net.operators if o.matrix is not None]
        for o in layers[1:]:
            assert of[f"{o.name}.backward"].macs == o.macs == of[f"{o.name}.update"].macs
        assert f"{layers[0].name}.backward" not in of


def _large(kind: str) -> Chip:
    """Crossbars for any network of the zoo."""
    pulses = ", pulses: 10, pulse_time: 1 ns" if kind == "pulses" else ""
    return arch.load(
        "rram-hypothesis",
        {
            "tile.crossbar.transposed.read_time": "100 ns",
            "tile.crossbar.write_time": "1 us",
            "tile.crossbar.update": f"{{kind: {kind}{pulses}}}",
            "tile.buffer.capacity": "4 MiB",
        },
    )


def run(net: Network, chip: Chip, batch: int = 1, epoch_samples: int | None = None) -> Run:
    return simulate_training(net, chip, batch=batch, epoch_samples=epoch_samples, mapping=SINGLE)


class TestEnergy:
    def test_pulses(self) -> None:
        terms = {(t.layer, t.action): t for t in run(ONE, trainable(), 3).energy.terms}
        # 16 x 4 cells, 10 coincidences of 1 fJ each; 16 rows and 4 columns, 10 pulses of 2 fJ; 3 samples.
        assert terms[("fc.update", "update pulse")].count == 3 * 64 * 10
        assert terms[("fc.update", "update pulse")].energy_j == pytest.approx(3 * 640e-15)
        assert terms[("fc.update", "drive pulse")].energy_j == pytest.approx(3 * 20 * 10 * 2e-15)

    def test_activity_scales_energy_but_no_time(self) -> None:
        all_meet, half = (run(ONE, trainable(PULSES.replace("}", f", activity: {a}}}"))) for a in (1.0, 0.5))
        count = {(t.layer, t.action): t.count for t in half.energy.terms}
        assert count[("fc.update", "update pulse")] == 320
        assert half.latency_fs == all_meet.latency_fs

    def test_writes(self) -> None:
        terms = {
            (t.layer, t.action): t for t in run(ONE, trainable("{kind: program_verify}"), 3).energy.terms
        }
        assert terms[("fc.update", "write")].energy_j == pytest.approx(64 * 3e-12)

    def test_backward_drives_columns_and_converts_rows(self) -> None:
        terms = {(t.layer, t.action): t for t in run(TWO, trainable()).energy.terms}
        # Two slices: 4 columns driven and 4 rows converted in each; the array is read twice at 2 pJ.
        assert terms[("fc2.backward", "drive row")].count == 2 * 4
        assert terms[("fc2.backward", "convert")].count == 2 * 4
        assert terms[("fc2.backward", "read")].energy_j == pytest.approx(2 * 2e-12)

    def test_phases_add_up(self) -> None:
        result = run(load("lenet5"), arch.load("neurram@training"), 2)
        found = result.training
        assert found is not None
        assert sum(use.path_fs for use in found.phases.values()) == result.latency_fs
        assert fsum(u.energy_j for u in found.phases.values()) == pytest.approx(
            result.energy.total_j, rel=1e-12
        )
        by_layer = fsum(u.energy_j for layer in found.layers for u in layer.phases.values())
        assert by_layer + result.energy.static_j == pytest.approx(result.energy.total_j, rel=1e-12)
        assert sum(use.macs for use in found.phases.values()) == result.macs


class TestWear:
    def test_pulses(self) -> None:
        update = PULSES.replace("}", ", activity: 0.25, pulses_per_write: 20}")
        found = run(ONE, trainable(update, tile__crossbar__cell__endurance="1e6"), 4, 1000).training
        assert found is not None
        assert found.epoch is not None
        # 4 samples x 1 token x 10 pulses, a quarter of which meet; 20 of them are a full write.
        per_step = 4 * 10 * 0.25 / 20
        assert found.layers[1].wear is not None
        assert found.layers[1].wear.per_cell == 10
        assert found.layers[1].wear.full_writes == per_step
        assert found.steps_until_worn == 1e6 / per_step
        assert found.epoch.steps == 250
        assert found.epoch.until_worn == 1e6 / per_step / 250
        assert found.epoch.full_writes == 250 * per_step
        assert found.epoch.time_s == pytest.approx(250 * found.latency_fs * 1e-15)

    def test_convolutions_update_at_every_position(self) -> None:
        chip = arch.load("neurram@training-pulses")
        found = run(load("lenet5"), chip, 2).training
        assert found is not None
        wear = {layer.name: layer.wear for layer in found.layers}
        assert wear["conv1"] is not None
        assert wear["conv1"].per_cell == 2 * 28 * 28 * 10
        assert wear["fc3"] is not None
        assert wear["fc3"].per_cell == 2 * 10

    def test_writes_are_one_for_the_step_and_the_last_step_may_be_short(self) -> None:
        chip = trainable("{kind: program_verify}", tile__crossbar__cell__endurance="1e3")
        found = run(ONE, chip, 3, 10).training
        assert found is not None
        assert found.epoch is not None
        assert (found.epoch.steps, found.epoch.until_worn) == (4, 250.0)

    def test_unknown_endurance_is_not_guessed(self) -> None:
        found = run(ONE, trainable(), 1, 10).training
        assert found is not None
        assert found.epoch is not None
        assert found.epoch.until_worn is None


class TestStorage:
    def test_what_is_kept(self) -> None:
        found = run(load("lenet5"), arch.load("neurram@training")).training
        assert found is not None
        # Inputs of all layers, and of the poolings: 28 x 28, 6 x 28 x 28, 6 x 14 x 14, 16 x 10 x 10, 400, 120, 84.
        assert found.kept_bytes == 784 + 4704 + 1176 + 1600 + 400 + 120 + 84
        assert found.storage == "buffer"

    def test_memory_takes_what_buffers_cannot(self) -> None:
        small = {
            "tile.crossbar.transposed.read_time": "4 us",
            "tile.crossbar.update": "{kind: program_verify}",
        }
        small |= {
            "tile.buffer.capacity": "16 B",
            "memory": "{kind: lpddr, bandwidth: 8 GB/s, latency: 100 ns}",
        }
        small["memory"] = small["memory"].replace(
            "}", ", channels: 1, energy_per_byte: 8 pJ/B, capacity: 1 GiB}"
        )
        result = run(load("lenet5"), arch.load("neurram", small), 2)
        assert result.training is not None
        assert result.training.storage == "memory"
        moved = sum(t.count for t in result.energy.terms if t.component == "memory")
        assert moved == 2 * 2 * result.training.kept_bytes, "written and read once for each sample"

    def test_nowhere_to_keep_them(self) -> None:
        with pytest.raises(
            SimulationError, match="8868 bytes of activations of each sample, the buffers hold 768"
        ):
            run(load("lenet5"), arch.load("neurram@training", {"tile.buffer.capacity": "16 B"}))


class TestDigital:
    def test_gradient_of_the_batch_is_one_product(self) -> None:
        batch = 5
        chip = arch.load("systolic")
        p = step(load("mlp"), chip, batch)
        a = p.actor_name.index("fc1.gradient")
        # 784 x 128 gradients, contracted over 5 samples: one row of blocks, one of columns, 784 vectors through.
        assert p.actor_firings[a] == 1
        v = int(p.actor_visit_start[a]) + 1
        assert p.schedule(int(p.visit_hold[v]))(0) == (2 * 128 + 128 + 784 - 2) * NS

    def test_weights_go_back_to_memory(self) -> None:
        terms = {
            (t.layer, t.component): t.count for t in run(load("mlp"), arch.load("systolic"), 5).energy.terms
        }
        assert terms[("fc1.update", "memory")] == 784 * 128
        assert terms[("fc2.backward", "memory")] == 128 * 10


class TestBadInput:
    def test_inference_only(self) -> None:
        with pytest.raises(
            SimulationError, match=r"'isaac' is for inference only: tile.crossbar.update is missing"
        ):
            run(load("lenet5"), arch.load("isaac"))

    def test_no_backward_read(self) -> None:
        chip = round_chip(tile__crossbar__update=PULSES)
        with pytest.raises(SimulationError, match=r"tile.crossbar.transposed is missing.*'fc2'"):
            run(TWO, chip)
        assert run(ONE, chip).latency_fs > 0, "one layer needs no backward read"

    def test_pulses_need_a_weight_in_one_cell(self) -> None:
        chip = trainable(tile__crossbar__cell__bits="4", tile__crossbar__cols="8")
        with pytest.raises(SimulationError, match="one cell .* found 2 cells of 4 bits for 8-bit weights"):
            run(ONE, chip)

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("kws-lstm", r"'lstm' \(LSTM\) cannot be trained: backward through time is not modelled"),
            ("gpt2", "training of a table is not modelled"),
        ],
    )
    def test_networks(self, name: str, message: str) -> None:
        with pytest.raises(NetworkError, match=message):
            run(load(name), arch.load("systolic"))

    @pytest.mark.parametrize("batch", [0, -1, 10**8])
    def test_batch(self, batch: int) -> None:
        with pytest.raises(SimulationError, match=f"batch: found {batch}"):
            run(ONE, trainable(), batch)

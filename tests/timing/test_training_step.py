"""Is a training step what its algebra says, and do its times and energies add up to the chip's numbers?"""

from __future__ import annotations

from math import fsum

import numpy as np
import pytest
from ohmsum import arch
from ohmsum.arch.chip import Chip
from ohmsum.sim.engines import compiled, reference
from ohmsum.sim.mapping.training import training_network
from ohmsum.workloads.load import load

from ..kit.engines import Engine, each_engine
from ..kit.small_networks import NS, SINGLE
from ..kit.training_steps import ONE, PULSES, TWO, ends, run, step, trainable


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
        macs = dict.fromkeys(("forward", "columns", "pulses", "gradient"), 0)
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

    def test_slices_are_read_one_after_the_other(self) -> None:
        sliced = {"tile__crossbar__cell__bits": "4", "tile__crossbar__cols": "8"}
        result = run(TWO, trainable("{kind: program_verify}", **sliced))
        terms = {(t.layer, t.action): t for t in result.energy.terms}
        # Two input slices x two weight slices; the array is twice as wide as the one that a read of 2 pJ was
        # stated for, so a read of all of it takes 4 pJ, and each drives 4 of its 8 columns.
        assert terms[("fc2.backward", "drive row")].count == 4 * 4
        assert terms[("fc2.backward", "convert")].count == 4 * 4
        assert terms[("fc2.backward", "read")].count == 4
        assert terms[("fc2.backward", "read")].energy_j == pytest.approx(4 * 2e-12)

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

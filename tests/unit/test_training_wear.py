"""Wear, activations that are kept, digital chips, and what cannot be trained."""

from __future__ import annotations

import json
from math import fsum

import ohmsum
import pytest
from ohmsum import arch
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.job.errors import QuestionError
from ohmsum.tools.cli import main
from ohmsum.workloads.errors import NetworkError
from ohmsum.workloads.load import load

from ..kit.small_networks import NS, round_chip
from ..kit.training_steps import ONE, PULSES, TWO, run, step, trainable


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
        # Inputs of all layers and of both poolings.
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
        # 784 x 128 gradients, contracted over 5 samples: one block, 784 vectors through it.
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
        with pytest.raises(SimulationError, match=r"one cell .* found 2 cells of 4 bits for 8-bit weights"):
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
        """The question refuses it, before anything is laid out."""
        with pytest.raises(QuestionError, match=f"batch: found {batch}"):
            ohmsum.run(ONE, trainable(), training=True, batch=batch)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--training", "--arrival", "every 1 ms"], "--arrival does not go with --training"),
            (["--epoch-samples", "100"], "--epoch-samples needs --training as well"),
            (["--training", "--swap"], "--swap does not go with --training"),
            (["--training", "--epoch-samples", "0"], "--epoch-samples: found 0"),
        ],
    )
    def test_options(self, options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["run", "mlp", "--chip", "systolic", *options]) == 2
        assert message in capsys.readouterr().err

    def test_result_file(self, capsys: pytest.CaptureFixture[str]) -> None:
        command = [
            "run",
            "mlp",
            "--chip",
            "puma@training",
            "--training",
            "--batch",
            "4",
            "--epoch-samples",
            "9",
        ]
        assert main([*command, "--json", "-"]) == 0
        result = json.loads(capsys.readouterr().out)
        told = result["training"]
        assert told["batch"] == 4
        assert told["epoch"]["steps"] == 3
        assert told["epoch"]["until_worn"] == pytest.approx(1e6 / 3)
        phases = told["phases"].values()
        assert fsum(p["path_s"] for p in phases) == pytest.approx(result["latency_s"], rel=1e-12)
        assert fsum(p["energy_j"] for p in phases) == pytest.approx(result["energy_j"], rel=1e-12)

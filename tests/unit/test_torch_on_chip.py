"""Do layers on a chip compute, and learn, as they should?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from ohmsum import arch, workloads
from ohmsum.sim.accuracy import Conditions, Data, Functional, Study
from ohmsum.sim.accuracy.layer import ComputedLayer
from ohmsum.sim.accuracy.model import ModelSource
from ohmsum.sim.errors import SimulationError
from ohmsum.sim.extras import MissingExtra
from ohmsum.sim.kernels.programming import programming_sigma
from ohmsum.sim.kernels.read_noise import flicker_amplitude, flicker_sigma
from ohmsum.sim.mapping import MappingOptions, map_network
from ohmsum.sim.torch import OnChip, on_chip
from torch import Tensor, nn

from ..kit.torch_modules import Recurrent, Residual, lenet5

HERE = Path(__file__).parents[1]
LENET = HERE.parent / "docs" / "accuracy" / "lenet5-fashion.onnx"
IDEAL = Conditions(noise=False)
PRECISE = {"tile.weights.bits": "16", "tile.crossbar.cell.bits": "16", "tile.dac.bits": "16",
           "tile.dac.slice_bits": "16", "tile.adc.bits": "20"}  # fmt: skip


def chip(**changes: str) -> arch.Chip:
    return arch.load("hermes-64", overrides={k.replace("__", "."): v for k, v in changes.items()})


def precise() -> arch.Chip:
    return arch.load("hermes-64", overrides=PRECISE)


def decibels(got: Tensor, want: Tensor) -> float:
    got, want = got.detach(), want.detach()
    return float(10 * torch.log10(want.square().sum() / (got - want).square().sum()))


LAYERS: dict[str, Callable[[], tuple[nn.Module, Tensor]]] = {
    "linear": lambda: (nn.Linear(300, 20), torch.randn(3, 7, 300)),
    "conv": lambda: (nn.Conv2d(40, 9, 3, padding=(1, 2), stride=(2, 1)), torch.randn(2, 40, 9, 8)),
    "reflected": lambda: (nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect"), torch.randn(2, 4, 7, 7)),
    "same": lambda: (nn.Conv2d(3, 4, (4, 2), padding="same", dilation=2), torch.randn(2, 3, 9, 9)),
    "groups": lambda: (nn.Conv2d(8, 12, 3, groups=4, bias=False), torch.randn(2, 8, 6, 6)),
    "depthwise": lambda: (nn.Conv2d(64, 64, 3, padding=1, groups=64), torch.randn(1, 64, 5, 5)),
    "sequence": lambda: (nn.Conv1d(6, 5, 4, stride=2, padding=1), torch.randn(2, 6, 11)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_with_enough_bits_a_chip_computes_what_the_layer_does(name: str) -> None:
    """The surrogate and the kernels, forward and backward."""
    torch.manual_seed(1)
    layer, x = LAYERS[name]()
    want = layer(x)
    weight = torch.randn_like(want)
    (want * weight).sum().backward()
    gradient = layer.weight.grad.clone()  # type: ignore[operator]
    analog = on_chip(layer, precise(), noise_scale=0, percentile=100)
    layer.zero_grad()
    got = analog.train()(x)
    assert got.shape == want.shape
    assert decibels(got, want) > 70  # 16 bits: about 6 dB a bit, less the spread of the values
    (got * weight).sum().backward()
    assert decibels(layer.weight.grad, gradient) > 60  # type: ignore[arg-type]
    analog.calibrate(x)
    analog.program(IDEAL)
    assert decibels(analog.eval()(x), want) > 70


class TestGradients:
    def test_go_straight_through_what_rounds(self) -> None:
        """Of a product of rounded inputs and noisy weights, as if nothing were rounded."""
        torch.manual_seed(2)
        layer, x = nn.Linear(16, 8), torch.rand(64, 16, requires_grad=True)
        analog = on_chip(layer, chip(), percentile=100)
        y = analog(x)
        y.sum().backward()
        part = analog.analog[""]._surrogate
        assert isinstance(part.layer, ComputedLayer)
        step = part.layer.codes.step
        codes = torch.round(x.detach() * (1 / step)) * step
        within = torch.ones_like(y) if part.converters[0].high else y
        assert torch.allclose(layer.weight.grad, within.T @ codes, rtol=1e-4)
        noisy = x.grad.mean(0)  # the sum of the columns as they were drawn
        assert torch.allclose(noisy, layer.weight.sum(0), atol=4 * 0.03 * 8**0.5)
        assert not torch.allclose(noisy, layer.weight.sum(0), atol=1e-4)

    def test_stop_where_an_input_is_clipped(self) -> None:
        layer = nn.Linear(1, 1)
        analog = on_chip(layer, precise(), noise_scale=0, percentile=90, recalibrate=10**6)
        analog(torch.linspace(0, 1, 1001)[:, None])
        x = torch.tensor([[0.5], [2.0]], requires_grad=True)
        analog(x).sum().backward()
        assert x.grad[0, 0] == pytest.approx(layer.weight.item(), rel=1e-3)
        assert x.grad[1, 0] == 0

    def test_are_what_an_optimizer_needs(self) -> None:
        """A regression is learnt through the noise; the parameters are those of the module itself."""
        torch.manual_seed(3)
        module = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
        x = torch.randn(256, 8)
        y = x[:, :1] * x[:, 1:2]
        analog = on_chip(module, chip(), noise_scale=0.5)
        assert {id(p) for p in analog.parameters()} == {id(p) for p in module.parameters()}
        optimizer = torch.optim.Adam(analog.parameters(), lr=1e-2)
        losses = []
        for _ in range(80):
            loss = nn.functional.mse_loss(analog(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert np.mean(losses[-10:]) < 0.5 * losses[0]


class TestNoise:
    def test_has_the_size_that_was_published_and_is_drawn_for_every_call(self) -> None:
        """Weights of a single size: the deviation of each is that of the device's fit at two conductances."""
        layer = nn.Linear(200, 100, bias=False)
        nn.init.ones_(layer.weight)
        hardware = chip(tile__adc__bits="20", tile__crossbar__cell__model="hermes-2")
        analog = on_chip(layer, hardware, percentile=100)
        analog(2 * torch.eye(200))  # ranges are taken here, wide enough for what deviates upwards
        half = 2 * 127 / 255  # input code 127
        first, second = (analog(half * torch.eye(200)).detach() / half for _ in range(2))
        assert not torch.equal(first, second)
        g_max = 20.7
        written, empty = programming_sigma(np.array([g_max, 0.0]), "pcm_hermes_2_devices") / g_max
        amplitude = flicker_amplitude(np.ones(1), "pcm_hermes_2_devices")
        read = flicker_sigma(np.ones(1), amplitude, 300.0, 512e-9)[0]  # t0 and the time of a read, as fitted
        # What lies at zero conductance cannot fall below it: half of its draws are 0, and those above are
        # half of a normal distribution, of variance 1/2 - 1/(2 pi).
        expected = np.sqrt(written**2 + empty**2 * (0.5 - 0.5 / np.pi) + read**2)
        spread = (first - second).std() / 2**0.5  # of 20,000 weights: known to 1 %
        assert float(spread) == pytest.approx(expected, rel=0.04)
        assert float(first.mean()) == pytest.approx(1 - empty / np.sqrt(2 * np.pi), abs=0.002)
        assert abs(float(torch.corrcoef(torch.stack([first.ravel(), second.ravel()]))[0, 1])) < 0.03

    def test_grows_with_the_scale_and_is_the_same_for_the_same_seed(self) -> None:
        torch.manual_seed(4)
        layer, x = nn.Linear(64, 32), torch.rand(128, 64)
        want = layer(x)
        powers = [-decibels(on_chip(layer, chip(), noise_scale=s)(x), want) for s in (1.0, 2.0)]
        assert powers[1] - powers[0] == pytest.approx(6.0, abs=1.5)  # twice the deviation is 6 dB
        a, b, c = (on_chip(layer, chip(), seed=s)(x) for s in (5, 5, 6))
        assert torch.equal(a, b)
        assert not torch.equal(a, c)

    @pytest.mark.parametrize("compensation", ["off", "drift", "affine"])
    def test_conditions_act_in_training_as_in_evaluation(self, compensation: str) -> None:
        """After a month, the surrogate is as far from the float layer as the kernels are."""
        torch.manual_seed(5)
        layer, x = nn.Linear(250, 100), torch.rand(200, 250)
        old = Conditions(time_s=30 * 86400.0, compensation=compensation)  # type: ignore[arg-type]
        analog = on_chip(layer, chip(), conditions=old)
        want = layer(x)
        trained = decibels(analog(x), want)
        analog.calibrate(x)
        analog.program(old)
        assert trained == pytest.approx(decibels(analog.eval()(x), want), abs=1.5)


SPREAD = {"tile.adc.gain_spread": "0.1", "tile.adc.offset_spread": "4"}
WIRES = {"tile.crossbar.wire_resistance": "2 Ohm"}


@pytest.mark.parametrize(
    ("preset", "changes"),
    [
        ("hermes-64", {}),
        ("hermes-64@4-phase", {}),
        ("isaac", {}),
        ("raella", {}),
        ("neurram", {}),
        ("hermes-64", SPREAD),
        ("hermes-64", WIRES),
        ("raella", SPREAD),
    ],
)
def test_the_surrogate_is_as_precise_as_the_kernels(preset: str, changes: dict[str, str]) -> None:
    """Whatever slices, phases, encodings and converters the chip has: one step stands for all its reads."""
    torch.manual_seed(6)
    layer, x = nn.Linear(300, 40), torch.randn(200, 300)
    analog = on_chip(layer, arch.load(preset, overrides=changes))
    want = layer(x)
    surrogate = decibels(analog(x), want)
    analog.calibrate(x)
    analog.program()
    assert surrogate == pytest.approx(decibels(analog.eval()(x), want), abs=3)


def trained() -> nn.Sequential:
    """LeNet-5 with the weights of the documentation."""
    module = lenet5().eval()
    stored = onnx.load(LENET).graph.initializer
    module.load_state_dict({t.name: torch.tensor(onnx.numpy_helper.to_array(t)) for t in stored})
    return module


def images(n: int) -> np.ndarray:
    with np.load(HERE / "data" / "fashion-300.npz") as file:
        return np.asarray(file["input"][:n])


def study(path: Path, x: np.ndarray) -> Study:
    hardware = chip()
    network = workloads.load(path, input_shapes={"input": (1, 1, 28, 28)})
    mapping = map_network(network, hardware, MappingOptions(replicate=False))
    return Study(
        Functional(ModelSource(str(path)), mapping), mapping, hardware, Data({"input": x}, None), "sqnr"
    )


def test_evaluation_is_that_of_the_accuracy_command(tmp_path: Path) -> None:
    """Same names, same seeds, same devices: from ONNX, from a torch program, and from the module itself.

    Where the other operators differ by rounding (ONNX Runtime, PyTorch), a converter may give the next code:
    the float outputs of LeNet-5 then move by much less than the noise does.
    """
    module, x = trained(), images(5)
    program = tmp_path / "lenet5.pt2"
    batch = {0: torch.export.Dim("batch")}
    torch.export.save(
        torch.export.export(module, (torch.zeros(2, 1, 28, 28),), dynamic_shapes=(batch,)), program
    )
    analog = on_chip(module, chip())
    analog.calibrate(torch.from_numpy(x))
    for conditions in (IDEAL, Conditions(time_s=86400.0)):
        seeds = (3,) if conditions.noise else (0,)
        from_onnx = study(LENET, x).evaluate(conditions, seeds).values
        from_program = study(program, x).evaluate(conditions, seeds).values if conditions.noise else from_onnx
        assert from_program == pytest.approx(from_onnx, abs=0.01)
        analog.program(conditions, seeds[0])
        with torch.no_grad():
            got = decibels(analog.eval()(torch.from_numpy(x)), module(torch.from_numpy(x)))
        assert got == pytest.approx(from_onnx[0], abs=0.5)


class TestModule:
    def test_keeps_names_and_buffers(self) -> None:
        module = Residual()
        analog = on_chip(module, chip())
        assert list(analog.state_dict()) == list(module.state_dict())
        before = module.norm1.running_mean.clone()
        analog.train()(torch.randn(4, 3, 8, 8))
        assert not torch.equal(module.norm1.running_mean, before)
        other = Residual()
        on_chip(other, chip()).load_state_dict(analog.state_dict())
        assert torch.equal(other.stem.weight, module.stem.weight)

    def test_layers_are_chosen_by_path_or_type(self) -> None:
        module = Residual()
        assert list(on_chip(module, chip()).analog) == ["stem", "conv1", "conv2", "head"]
        some = on_chip(module, chip(), layers=["conv1", "head"], digital=["Linear"])
        assert list(some.analog) == ["conv1"]
        assert some.digital["stem"] == "not chosen"
        assert some.digital["head"] == "kept digital on request"
        assert some.digital["norm1"] == "BatchNorm2d is computed digitally here"
        assert on_chip(Recurrent(), chip()).digital == {"lstm": "LSTM is computed digitally here"}

    def test_a_layer_with_two_names_is_on_the_chip_under_both(self) -> None:
        layer = nn.Linear(4, 4)
        analog = on_chip(nn.Sequential(layer, layer), chip())
        assert isinstance(analog.module, nn.Sequential)
        assert analog.module[0] is analog.module[1] is analog.analog["0"]

    def test_clipped_weights(self) -> None:
        analog = on_chip(nn.Linear(100, 100), chip())
        weight = analog.analog[""].weight
        sigma = weight.std().item()
        analog.clip_weights(1.0)
        assert weight.abs().max().item() == pytest.approx(sigma)

    def test_the_mode_is_kept(self) -> None:
        module = nn.Sequential(nn.Linear(4, 4), nn.Dropout()).train()
        analog = on_chip(module, chip())
        analog.module[1].eval()  # type: ignore[index]
        analog.calibrate(torch.randn(8, 4))
        assert [m.training for m in analog.module.modules()] == [True, True, False]


class TestMistakes:
    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({"layers": ["conv3"]}, "Residual has no layer 'conv3'; did you mean 'conv"),
            ({"digital": ["Conv3d"]}, "did you mean 'Conv2d'?"),
            ({"layers": ["norm1"]}, "layer 'norm1' cannot lie on crossbars: BatchNorm2d"),
            ({"digital": ["Conv2d", "Linear"]}, "no layer is left for the crossbars"),
            ({"noise_scale": -1.0}, "noise_scale: found -1, expected 0 or more"),
            ({"recalibrate": 0}, "recalibrate: found 0"),
        ],
    )
    def test_are_told(self, options: dict[str, Any], expected: str) -> None:
        with pytest.raises(SimulationError) as caught:
            on_chip(Residual(), chip(), **options)
        assert expected in str(caught.value)

    def test_evaluation_needs_ranges_and_devices(self) -> None:
        analog: OnChip = on_chip(nn.Linear(4, 4), chip()).eval()
        with pytest.raises(SimulationError, match=r"call calibrate\(\) and program\(\)"):
            analog(torch.zeros(1, 4))
        with pytest.raises(SimulationError, match=r"no ranges yet; call calibrate\(\)"):
            analog.program()

    def test_attention_that_bypasses_its_layers(self) -> None:
        attention = nn.Sequential(nn.MultiheadAttention(8, 2), nn.Linear(8, 8))
        analog = on_chip(attention, chip())
        assert list(analog.analog) == ["1"]
        assert "without calling it" in analog.digital["0.out_proj"]

    def test_a_chip_without_crossbars(self) -> None:
        with pytest.raises(SimulationError, match="has no crossbars"):
            on_chip(nn.Linear(4, 4), arch.load("northpole"))

    def test_without_torch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import ohmsum.sim.torch as package

        monkeypatch.setattr("ohmsum.sim.extras.find_spec", lambda name: None)
        with pytest.raises(MissingExtra, match=r"pip install 'ohmsum\[torch\]'"):
            _ = package.on_chip

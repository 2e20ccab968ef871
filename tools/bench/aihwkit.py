"""One matrix on PCM, here and in aihwkit: ``python -m ohmsum.tools.bench.aihwkit --python PYTHON``.

aihwkit (Rasch et al., AICAS 2021; https://github.com/IBM/aihwkit) needs torch and a compiler, so it runs in
an interpreter of its own. Both program the same 256 x 256 weights on two PCM devices for each polarity, by
the published fits of the HERMES chip, wait, and compensate the drift with one factor. Signal-to-noise ratios
of the products are set beside each other (converters without limit), and processor times on one thread: of a
product with 8-bit converters and read noise, and of programming and ageing the matrix.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from typing import Any

from .measure import cheapest

N, BATCH, N_SEEDS = 256, 1024, 4
TIMES_S = (1.0, 86400.0, 30 * 86400.0)
_THEIRS = """\
import json, sys, time
import numpy as np, torch
torch.set_num_threads(1)
from aihwkit.inference import GlobalDriftCompensation
from aihwkit.inference.noise.hermes import HermesNoiseModel
from aihwkit.nn import AnalogLinear
from aihwkit.simulator.configs import InferenceRPUConfig
n, batch, n_seeds, times_s = json.loads(sys.argv[1])
weights = np.random.default_rng(0).standard_normal((n, n)).astype("f4")
x = np.random.default_rng(1).standard_normal((batch, n)).astype("f4")
def layer(perfect):
    config = InferenceRPUConfig()
    config.noise_model = HermesNoiseModel(num_devices=2)
    config.drift_compensation = GlobalDriftCompensation()
    config.mapping.weight_scaling_omega = 1.0
    config.mapping.weight_scaling_columnwise = True
    config.mapping.max_input_size = config.mapping.max_output_size = n
    config.forward.is_perfect = perfect
    config.forward.inp_res = config.forward.out_res = 1 / 254
    config.forward.out_noise, config.forward.w_noise = 0.0, 0.01
    made = AnalogLinear(n, n, bias=False, rpu_config=config)
    made.set_weights(torch.from_numpy(weights.T.copy()))
    return made.eval()
def least(work, times):
    found = []
    for _ in range(times):
        start = time.process_time(); work(); found.append(time.process_time() - start)
    return min(found)
torch_x, exact, ideal, real = torch.from_numpy(x), x @ weights, layer(True), layer(False)
def age(t):
    ideal.program_analog_weights(); ideal.drift_analog_weights(t)
snr_db = []
with torch.no_grad():
    for t in times_s:
        errors = []
        for seed in range(n_seeds):
            torch.manual_seed(seed); age(t)
            errors.append(((ideal(torch_x).numpy() - exact) ** 2).sum())
        snr_db.append(float(10 * np.log10((exact ** 2).sum() / np.mean(errors))))
    real.program_analog_weights(); real.drift_analog_weights(1.0); real(torch_x)
    product_s = least(lambda: real(torch_x), 9)
    float_s = least(lambda: torch_x @ torch_x[:n].T, 9)
print(json.dumps({"snr_db": snr_db, "product_s": product_s, "float_s": float_s,
                  "age_s": least(lambda: age(86400.0), 3)}))
"""


def installed(python: str) -> bool:
    """Whether that interpreter has aihwkit."""
    command = [python, "-c", "import aihwkit, torch"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def theirs(python: str) -> dict[str, Any]:
    """aihwkit's figures."""
    settings = json.dumps([N, BATCH, N_SEEDS, TIMES_S])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [python, "-c", _THEIRS, settings], capture_output=True, text=True, check=True, env=environment
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def ours() -> dict[str, Any]:
    """The same of our kernels, on one thread."""
    import numba
    import numpy as np

    numba.set_num_threads(1)
    from ...arch import load
    from ...sim.accuracy import Conditions
    from ...sim.accuracy.crossbar import CellArray, ColumnSums, ComputedCrossbar, CrossbarBlock, Programmed
    from ...sim.accuracy.precision import Precision

    weights = np.random.default_rng(0).standard_normal((N, N)).astype(np.float32)
    x = np.random.default_rng(1).standard_normal((BATCH, N)).astype(np.float32)

    def crossbar(bits: int) -> tuple[ComputedCrossbar, Any]:
        changes = dict.fromkeys(("tile.dac.bits", "tile.dac.slice_bits", "tile.adc.bits"), str(bits))
        changes |= {"tile.adc.range": "crossbar", "tile.adc.range_rule": "maximum"}
        p = Precision.of(load("hermes-64", overrides=changes))
        codes = weights / np.abs(weights).max(axis=0) * p.weight_top
        inputs = np.rint(x / np.abs(x).max() * (2 ** (bits - 1) - 1)).astype(np.float32)
        whole = CrossbarBlock(slice(0, N), slice(0, N), codes.astype(np.float32))
        sums = ColumnSums(CellArray(whole, p, signed=True))
        sums.add(inputs)
        return ComputedCrossbar(sums, p, inputs[:256]), inputs

    fine, inputs = crossbar(20)
    # drift is measured on one row after the other, as aihwkit does it; real inputs do 0.5 to 0.9 dB better
    fine.sample = np.eye(N, dtype=np.float32) * np.abs(inputs).max()
    exact = inputs.astype(np.float64) @ fine.block.codes
    snr_db = []
    for t in TIMES_S:
        made = [Programmed(fine, Conditions(time_s=t), seed) for seed in range(N_SEEDS)]
        error = np.mean([np.square(one(inputs, 0) - exact).sum() for one in made])
        snr_db.append(float(10 * np.log10(np.square(exact).sum() / error)))
    coarse, inputs = crossbar(8)
    programmed = Programmed(coarse, Conditions(time_s=1.0), 0)
    return {
        "snr_db": snr_db,
        "product_s": cheapest(lambda: programmed(inputs, 0), 9),
        "float_s": cheapest(lambda: x @ weights, 9),
        "age_s": cheapest(lambda: Programmed(coarse, Conditions(time_s=86400.0), 0), 3),
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure both and print them; 2 if that interpreter has no aihwkit."""
    parser = argparse.ArgumentParser(prog="python -m ohmsum.tools.bench.aihwkit", description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has aihwkit")
    python = parser.parse_args(arguments).python
    if not installed(python):
        print(f"error: {python} has no aihwkit: pip install aihwkit there, or --python", file=sys.stderr)
        return 2
    both = theirs(python), ours()
    print(f"{N} x {N} weights on PCM, batch {BATCH}; processor time on one thread\n")
    print(f"{'':34}{'aihwkit':>10}{'ohmsum':>10}")
    for i, t in enumerate(TIMES_S):
        print(
            f"{f'SNR after {t:.0f} s, compensated, dB':34}" + "".join(f"{b['snr_db'][i]:10.2f}" for b in both)
        )
    for name, key in (("8-bit product, read noise, ms", "product_s"), ("program and age, ms", "age_s")):
        print(f"{name:34}" + "".join(f"{1e3 * b[key]:10.2f}" for b in both))
    ratios = "".join(f"{b['product_s'] / b['float_s']:10.2f}" for b in both)
    print(f"{'product / float32 product':34}{ratios}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

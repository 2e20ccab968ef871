"""Speed of the kernels: ``python -m ohmsum.tools.bench.kernels [--rounds 5] [--json FILE]``.

MVM figures are ratios to a float32 product of the same logical size, batch 1024, in the same process on one
thread: processor time, the best of a few calls of both, taken in turns, round after round; smallest and
median ratio of the rounds. IR-drop figures are milliseconds, best of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BATCH = 1024
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
}


def best_s(call: Callable[[], object], n_calls: int) -> float:
    """Shortest processor time of `n_calls` calls: other processes on the machine are left out."""
    times = []
    for _ in range(n_calls):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def ratios(call: Callable[[], object], base: Callable[[], object], n_rounds: int) -> dict[str, float]:
    """Time of `call` over time of `base`, measured in turns."""
    call(), base()  # compile, touch the memory
    found = []
    for _ in range(n_rounds):
        product_s = best_s(base, 5)
        found.append(best_s(call, 3) / product_s)
    return {"min": min(found), "median": statistics.median(found)}


def mvm_rows(n: int, n_rounds: int) -> dict[str, dict[str, float]]:
    """Ratios of the multi-bit MVMs at n x n."""
    import numpy as np

    from ...sim.kernels.mvm import mvm
    from ...sim.kernels.mvm_ref import mvm_device_draws

    r = np.random.default_rng(0)
    x, w = r.random((BATCH, n), dtype=np.float32), r.standard_normal((n, n), dtype=np.float32)
    out = np.empty((BATCH, n), np.float32)
    variance = (0.02 * np.abs(w)) ** 2
    settings: dict[str, Any] = {
        "input_step": 1 / 255,
        "input_range": (0, 255),
        "adc_step": 255 * (n / 3) ** 0.5 * 4 / 127,  # four standard deviations of a column fit
        "adc_range": (-127, 127),
    }
    few = x[:4].astype(np.float64)

    def base() -> object:
        return np.matmul(x, w, out=out)

    rows = {
        "8-bit DAC, 8-bit ADC": lambda: mvm(x, w, **settings, out=out),
        "8-bit DAC, 8-bit ADC, new result": lambda: mvm(x, w, **settings),
        "read noise, fresh per MVM": lambda: mvm(x, w, **settings, weight_variance=variance, seed=1, out=out),
    }
    result = {name: ratios(call, base, n_rounds) for name, call in rows.items()}
    slow = ratios(lambda: mvm_device_draws(few, w, np.sqrt(variance), r), base, 1)
    scale = BATCH / len(few)  # the oracle's time grows with the batch
    result["per-device draws (oracle, scaled)"] = {key: scale * value for key, value in slow.items()}
    return result


def sliced_rows(n: int, n_rounds: int) -> dict[str, dict[str, float]]:
    """Ratios of eight 1-bit input slices on four weight slices, a converter for each, 128 rows a read."""
    import numpy as np

    from ...sim.kernels.mvm_bits import mvm_bits, pack_cells, pack_inputs

    r = np.random.default_rng(0)
    codes = r.integers(0, 256, (BATCH, n), dtype=np.int32)
    x, w, out = codes.astype(np.float32), r.random((n, n), dtype=np.float32), np.empty((BATCH, n), np.float32)
    rows = {}
    for cell_bits in (1, 2):
        cells = pack_cells(r.integers(0, 2**cell_bits, (4, n, n)), cell_bits, 128)
        weights = 2 ** (cell_bits * np.arange(4))

        def sliced(cells: Any = cells, weights: Any = weights) -> object:
            words = pack_inputs(codes, 8, 128)
            return mvm_bits(words, 2 ** np.arange(8), cells, weights, adc_step=1.0, adc_range=(0, 127))

        name = f"8 x 4 slices, ADC each, {cell_bits}-bit cells"
        rows[name] = ratios(sliced, lambda: np.matmul(x, w, out=out), n_rounds)
    return rows


def irdrop_rows(n: int, n_rounds: int) -> dict[str, float]:
    """Milliseconds, and the error of the fast estimate: 1 Ohm a segment, cells from 10 kOhm to 1 MOhm."""
    import numpy as np

    from ...sim.kernels.irdrop_exact import effective_conductance
    from ...sim.kernels.irdrop_fast import fast_effective_conductance
    from ...sim.kernels.irdrop_nonlinear import nonlinear_currents

    r = np.random.default_rng(n)
    g, v = r.uniform(1e-6, 1e-4, (n, n)), r.random((16, n))
    exact, fast = effective_conductance(g, 1.0, 1.0), fast_effective_conductance(g, 1.0, 1.0)
    drop = v @ (g - exact)
    error = np.abs(v @ (fast - exact)) / drop.max(axis=1, keepdims=True)
    nonlinear_currents(v[:1], g, 1.0, 1.0, 2.0)
    return {
        "exact matrix, ms": 1e3 * best_s(lambda: effective_conductance(g, 1.0, 1.0), n_rounds),
        "fast matrix, ms": 1e3 * best_s(lambda: fast_effective_conductance(g, 1.0, 1.0), n_rounds),
        "fast error / worst column's drop": float(error.max()),
        "Newton a vector (a = 2 / V), ms": 1e3
        * best_s(lambda: nonlinear_currents(v[:1], g, 1.0, 1.0, 2.0), 2),
    }


def measure(n_rounds: int) -> dict[str, Any]:
    """All rows, with what they were measured on."""
    import numba
    import numpy as np

    return {
        "schema": "ohmsum.bench.kernels/1",
        "batch": BATCH,
        "threads": numba.get_num_threads(),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "numba": numba.__version__,
        },
        "processor": platform.processor() or platform.machine(),
        "ratio_to_float32_product": {
            n: {**mvm_rows(n, n_rounds), **sliced_rows(n, n_rounds)} for n in (256, 512)
        },
        "irdrop": {n: irdrop_rows(n, n_rounds) for n in (64, 128, 256)},
    }


def main() -> None:
    """Measure on one thread (in a child process if this one has more) and print or save."""
    parser = argparse.ArgumentParser(prog="python -m ohmsum.tools.bench.kernels", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each measurement (default 5)")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    arguments = parser.parse_args()
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # thread counts are read when the libraries load: too late to change them here
        command = [sys.executable, "-m", "ohmsum.tools.bench.kernels", *sys.argv[1:]]
        sys.exit(subprocess.run(command, env={**os.environ, **ONE_THREAD}, check=False).returncode)
    result = measure(max(1, arguments.rounds))
    for n, rows in result["ratio_to_float32_product"].items():
        for name, row in rows.items():
            print(f"{n:>4}  {name:<40} {row['min']:>9.2f} x  (median {row['median']:.2f})")
    for n, figures in result["irdrop"].items():
        for name, figure in figures.items():
            print(f"{n:>4}  {name:<40} {figure:>9.4g}")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Column currents computed by badcrossbar 1.1.0 (PyPI, MIT), the oracle of the exact IR-drop solver.

Run in an environment of its own with ``pip install numpy badcrossbar`` (it needs cairo's headers):
``python make_badcrossbar.py badcrossbar.npz``. The arrays come from numpy's legacy generator, whose stream is
frozen, so that only seeds and currents need be kept.
"""

import sys
from typing import Any

import numpy as np

SIZES = (32, 64, 128)
N_ARRAYS = 20


def case(size: int, k: int) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Conductances (1 uS to 100 uS), voltages (0 to 1 V), wire segments of either kind in ohm."""
    random = np.random.RandomState(1000 * size + k)
    g = 1e-6 + random.random_sample((size, size)) * 99e-6
    v = random.random_sample(size)
    r_word, r_bit = 0.15 + random.random_sample(2) * 2.35
    return g, v, float(r_word), float(r_bit)


def main(path: str) -> None:
    """Solve every case and write one array of currents, in amperes, per size."""
    import badcrossbar  # type: ignore[import-not-found]  # only whoever makes the file again has it

    currents: dict[str, Any] = {}
    for size in SIZES:
        rows = []
        for k in range(N_ARRAYS):
            g, v, r_word, r_bit = case(size, k)
            solution = badcrossbar.compute(
                v[:, None], 1.0 / g, r_i_word_line=r_word, r_i_bit_line=r_bit, all_currents=False
            )
            rows.append(np.asarray(solution.currents.output).ravel())
        currents[f"currents_{size}"] = np.array(rows)
    np.savez_compressed(path, **currents)


if __name__ == "__main__":
    main(sys.argv[1])

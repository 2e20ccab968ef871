"""The same bytes, whatever the environment: `python -m tests.fuzz.same_bytes [PYTHON ...]`.

Results of a few questions are compared between hash seeds, a Turkish locale, one and two threads, both
engines, and, where other interpreters are named, their versions of what the package uses. Prints a table of
digests.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

QUESTIONS = {
    "lenet5": ["run", "lenet5", "--chip", "isaac", "--batch", "4"],
    "flits": ["run", "mlp", "--chip", "isaac", "--noc", "flit"],
    "digital": ["run", "mlp", "--chip", "systolic", "--batch", "2"],
    "arrivals": ["run", "mlp", "--chip", "hermes-64", "--batch", "8", "--arrival", "poisson 2000/s"],
}
WAYS: dict[str, tuple[dict[str, str], list[str]]] = {
    "hash seed 0": ({"PYTHONHASHSEED": "0"}, []),
    "hash seed 1": ({"PYTHONHASHSEED": "1"}, []),
    "hash seed 4294967295": ({"PYTHONHASHSEED": "4294967295"}, []),
    "Turkish": ({"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "LANGUAGE": "tr"}, []),
    "C locale, no UTF-8": ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, []),
    "1 thread": ({"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}, []),
    "2 threads": ({"NUMBA_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}, []),
    "engine reference": ({}, ["--engine", "reference"]),
}


def digest(python: str, question: list[str], environment: dict[str, str], more: list[str]) -> str:
    """First digits of the SHA-256 of a result file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "result.json"
        subprocess.run(
            [python, "-m", "ohmsum.tools.cli", *question, *more, "--json", str(file)],
            env={**os.environ, "XDG_CACHE_HOME": folder, **environment},
            cwd=folder,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def main(pythons: list[str]) -> int:
    ways = {name: (sys.executable, *way) for name, way in WAYS.items()}
    ways |= {python: (python, {}, []) for python in pythons}
    print(f"{'':32}" + "".join(f"{name:>14}" for name in QUESTIONS))
    found: dict[str, set[str]] = {name: set() for name in QUESTIONS}
    for way, (python, environment, more) in ways.items():
        row = [digest(python, question, environment, more) for question in QUESTIONS.values()]
        for name, one in zip(QUESTIONS, row, strict=True):
            found[name].add(one)
        print(f"{way[-32:]:32}" + "".join(f"{one:>14}" for one in row), flush=True)
    return int(any(len(digests) > 1 for digests in found.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Damaged input: a result, or one or two lines and exit 2; never a traceback, a signal or a long wait.

Each kind has its seeds; `OHMSUM_FUZZ=1000 pytest tests/fuzz` makes as many of each, `OHMSUM_FUZZ_FROM` begins
at another seed, and `many.py` beside this file is for hours by hand.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from .archives import an_archive
from .kinds import Kind, a_chip, a_command, a_setting, a_suite, a_sweep
from .networks import an_onnx_file, an_onnx_graph
from .stores import a_store
from .trial import tried

N = int(os.environ.get("OHMSUM_FUZZ", "60"))
FIRST = int(os.environ.get("OHMSUM_FUZZ_FROM", "0"))
KINDS = [
    a_chip, a_setting, an_onnx_file, an_onnx_graph, an_archive, a_suite, a_sweep, a_command, a_store,
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_damaged_input(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    counts: Counter[int] = Counter()
    for seed in range(FIRST, FIRST + N):
        outcome = tried(kind, seed, tmp_path)
        assert not outcome.where, f"seed {seed}: {outcome.where}: {outcome.fault}"
        counts[outcome.code] += 1
    assert counts[2] > N // 10, "the mutations do damage"

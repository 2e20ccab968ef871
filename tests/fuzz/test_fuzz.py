"""Damaged input: a result, or one or two lines and exit 2; never a traceback, a signal or a long wait.

Each kind has its seeds; `OHMSUM_FUZZ=1000 pytest tests/fuzz` makes as many of each, `OHMSUM_FUZZ_FROM` begins
at another seed, and `many.py` beside this file is for hours by hand.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from .kinds import Kind
from .many import KINDS
from .trial import tried

N = int(os.environ.get("OHMSUM_FUZZ", "60"))
FIRST = int(os.environ.get("OHMSUM_FUZZ_FROM", "0"))
SLOW = {"an_archive", "a_store"}
"""Kinds of which a third as many are made."""


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_damaged_input(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    counts: Counter[int] = Counter()
    n = N // 3 if kind.__name__ in SLOW else N
    for seed in range(FIRST, FIRST + n):
        outcome = tried(kind, seed, tmp_path)
        assert not outcome.where, f"seed {seed}: {outcome.where}: {outcome.fault}"
        counts[outcome.code] += 1
    assert counts[2] > n // 10, "the mutations do damage"

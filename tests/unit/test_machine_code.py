"""Compiled functions kept as object files: found again, whole or not at all, and never another one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ohmsum.sim.kernels.arguments import N_WORDS
from ohmsum.sim.kernels.sources import Sources
from ohmsum.sim.machine_code import FLOAT, INT, ArrayOf, MachineCode

REALS = ArrayOf(np.float64)


def _add() -> Any:
    from ohmsum.sim.kernels.record_code import kernel

    @kernel
    def add(x: Any, scale: float, n: int) -> int:
        for i in range(n):
            x[i] *= scale
        return n

    return add


def _draws() -> Any:
    from ohmsum.sim.kernels.record_code import kernel
    from ohmsum.sim.kernels.twister import begin, below, share

    @kernel
    def draws(state: Any, seed: int, n: Any, drawn: Any, shares: Any) -> None:
        begin(state, seed)
        for i in range(len(shares)):
            for j in range(len(n)):
                drawn[i, j] = below(state, n[j])
            shares[i] = share(state)

    return draws


def _nobody() -> Any:
    raise AssertionError("compiled again")


def add(source: Any = _add, *paths: Path) -> MachineCode:
    return MachineCode("add", [REALS, FLOAT, INT], source, Sources(*paths), returns=True)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "ohmsum" / "machine-code"


def scaled(code: MachineCode) -> list[float]:
    x = np.array([1.0, 2.0, 3.0])
    assert code(x, 2.0, 2) == 2
    return [float(v) for v in x]


def test_code_is_found_again() -> None:
    assert scaled(add()) == [2.0, 4.0, 3.0]
    assert scaled(add(_nobody)) == [2.0, 4.0, 3.0]


def test_a_file_that_is_cut_or_changed_is_not_loaded(cache: Path) -> None:
    add()(np.zeros(1), 1.0, 0)
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    for damaged in (b"", whole[:70], whole[:-1], whole[:200] + b"x" + whole[201:]):
        file.write_bytes(damaged)
        with pytest.raises(AssertionError, match="compiled again"):
            scaled(add(_nobody))
    assert scaled(add()) == [2.0, 4.0, 3.0]
    assert scaled(add(_nobody)) == [2.0, 4.0, 3.0]


def test_other_sources_are_other_code(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("1")
    add(_add, file)(np.zeros(1), 1.0, 0)
    file.write_text("2")
    with pytest.raises(AssertionError, match="compiled again"):
        scaled(add(_nobody, file))


def test_sources_that_change_meanwhile_are_not_kept(tmp_path: Path, cache: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("1")
    code = add(_add, file)
    file.write_text("2")
    assert scaled(code) == [2.0, 4.0, 3.0]
    assert not cache.exists()


def test_a_folder_that_cannot_be_written_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert scaled(add()) == [2.0, 4.0, 3.0]


@pytest.mark.parametrize(
    "x", [np.zeros(3, np.float32), np.zeros((3, 1)), np.zeros(6)[::2]], ids=["type", "shape", "strides"]
)
def test_another_array_than_it_was_compiled_for_is_refused(x: Any) -> None:
    with pytest.raises(TypeError, match="C-contiguous"):
        add()(x, 1.0, 1)
    with pytest.raises(TypeError, match="found 1 arguments"):
        add()(np.zeros(1))


def test_what_only_numba_has_is_refused() -> None:
    def source() -> Any:
        import numba

        @numba.njit
        def allocates(x: Any, _scale: float, n: int) -> int:
            return len(np.concatenate((x, np.zeros(n))))

        return allocates

    with pytest.raises(RuntimeError, match=r"that calls .*NRT"):
        scaled(add(source))


def test_a_warm_run_loads_neither_numba_nor_onnx(monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
import sys, ohmsum
ohmsum.run("mlp", "isaac").report
print([name for name in ("numba", "scipy", "onnx") if name in sys.modules])
"""
    monkeypatch.delenv("XDG_CACHE_HOME")
    for _ in range(2):
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ)
    assert ran.stdout == "[]\n", ran.stderr


@pytest.mark.parametrize("seed", [0, 7, 2**31])
def test_the_twister_is_that_of_numpy(seed: int) -> None:
    """Words, numbers below n and shares in the order that the legacy generator of NumPy draws them."""
    n = np.array([1, 2, 7, 168, 1 << 20, 1 << 32], np.int64)
    drawn, shares = np.zeros((200, len(n)), np.int64), np.zeros(200)
    code = MachineCode(
        "draws",
        [ArrayOf(np.uint64), INT, ArrayOf(np.int64), ArrayOf(np.int64, 2), REALS],
        _draws,
        Sources(),
    )
    code(np.zeros(N_WORDS, np.uint64), seed, n, drawn, shares)
    numpy_s = np.random.RandomState(seed)
    for numbers, share in zip(drawn, shares, strict=True):
        assert numbers.tolist() == [int(numpy_s.randint(0, k)) for k in n.tolist()]
        assert share == numpy_s.random_sample()

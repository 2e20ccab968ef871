"""The compiled engine as a process sees it: what is imported, what is cached, and Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ohmsum.sim.engines.compiled_setup import initial_state
from ohmsum.sim.program import ProgramBuilder

ROOT = Path(__file__).parents[2]

ONE_VISIT = """
from ohmsum.sim.engines import compiled
from ohmsum.sim.program import ProgramBuilder
b = ProgramBuilder()
b.visit(b.actor("a", 1), (), 5, 9)
print(compiled.run(b.build()).makespan_fs)
"""


def test_numba_is_imported_by_the_first_run_only() -> None:
    code = "import sys, ohmsum.sim.engines.compiled; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_an_edit_of_any_file_of_the_loop_is_seen(tmp_path: Path) -> None:
    package = tmp_path / "ohmsum"
    package.mkdir()
    (package / "__init__.py").touch()
    for room in ("sim", "arch"):
        shutil.copytree(ROOT / room, package / room, ignore=shutil.ignore_patterns("__pycache__"))
    loop = package / "sim" / "engines" / "compiled_loop"
    kept = tmp_path / "cache" / "ohmsum" / "machine-code"

    def makespan() -> int:
        done = subprocess.run(
            [sys.executable, "-c", ONE_VISIT],
            env=os.environ | {"PYTHONPATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=True,
        )
        return int(done.stdout)

    assert makespan() == 9
    cached = {file: file.stat().st_mtime_ns for file in kept.iterdir()}
    assert len(cached) == 1
    assert makespan() == 9
    assert {file: file.stat().st_mtime_ns for file in kept.iterdir()} == cached
    begin = loop / "begin.py"
    text = begin.read_text()
    assert text.count("advance_at = begin + advance\n") == 1
    begin.write_text(text.replace("advance_at = begin + advance\n", "advance_at = begin + 2 * advance\n"))
    assert makespan() == 18


def test_ctrl_c_ends_a_run_that_would_take_hours() -> None:
    # A shell starts jobs in the background with SIGINT ignored, and so would this one be.
    code = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from ohmsum.sim.engines import compiled
from ohmsum.sim.program import ProgramBuilder
b = ProgramBuilder()
b.visit(b.actor("a", 2**40), (), 1)
compiled.run(b.build(), progress=lambda share: print("running", share, flush=True))
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline().startswith("running")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in errors
    assert process.returncode != 0


def test_a_million_servers_take_no_room() -> None:
    def bytes_of(servers: int) -> int:
        b = ProgramBuilder()
        b.visit(b.actor("a", 9, slots=9), b.resource("r", "unit", servers=servers), 5)
        state = initial_state(b.build(), 1, np.zeros(1, np.int64), 1, False)
        return sum(table.nbytes for table in state.tables.values())

    assert bytes_of(1 << 22) == bytes_of(1024)

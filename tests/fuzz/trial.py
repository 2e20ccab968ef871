"""One trial: what a command makes of damaged input, and whether that may be."""

from __future__ import annotations

import contextlib
import io
import random
import resource
import shutil
import time
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path

from numba.core import event
from ohmsum.tools.cli import main

from .kinds import Kind
from .stores import RIGHT

LONGEST_CPU_S = 20.0
MOST_KIB = 4 * 1024 * 1024
MOST_LINES = 3


@dataclass(frozen=True)
class Outcome:
    """How a command ended.

    Parameters
    ----------
    code : int
        Its exit code.
    fault : str
        What is wrong with that; empty if nothing is.
    where : str
        What tells one fault from another.
    """

    code: int
    fault: str = ""
    where: str = ""


def draw_of(kind: Kind, seed: int) -> random.Random:
    """The random numbers of a trial."""
    return random.Random(f"{kind.__name__} {seed}")


def tried(kind: Kind, seed: int, folder: Path) -> Outcome:
    """Make the damaged input of a seed in a folder, whose files go, and run its command in this process."""
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    arguments = kind(folder, draw_of(kind, seed))
    start, before, compiling = time.process_time(), most_kib(), list[float]()
    said, shown = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(shown), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with event.install_timer("numba:compile", compiling.append):
                code = main(arguments)
    except BaseException as error:
        lines = traceback.format_exc()
        frames = [f"{f.filename}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)][-2:]
        return Outcome(-1, f"{arguments}: {lines}", f"{type(error).__name__} {' '.join(frames)}")
    right, rows = folder / RIGHT, folder / "rows.csv"
    if not code and right.exists() and rows.read_bytes() != right.read_bytes():
        return Outcome(code, f"{arguments}: {rows.read_text(errors='replace')}", "false rows")
    cpu_s = time.process_time() - start - sum(compiling)  # what is compiled is kept on the disk
    return _judged(code, arguments, said.getvalue(), cpu_s, before)


def _judged(code: int, arguments: list[str], said: str, cpu_s: float, kib_before: int) -> Outcome:
    fault = ""
    lines = said.splitlines()
    if code not in (0, 1, 2):
        fault = f"exit {code}"
    elif "Traceback" in said:
        fault = "a traceback"
    elif code == 2 and not 1 <= len(lines) <= MOST_LINES:
        fault = f"{len(lines)} lines of message"
    elif cpu_s > LONGEST_CPU_S:
        fault = "too long"
    elif most_kib() > max(kib_before, MOST_KIB):
        fault = "too much memory"
    return Outcome(code, f"{arguments}: {fault}: {said}" if fault else "", fault)


def most_kib() -> int:
    """Most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

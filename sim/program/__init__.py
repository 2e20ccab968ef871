"""The Program: what an engine runs, how one is built and what it must satisfy."""

from __future__ import annotations

from .builder import ProgramBuilder
from .check import check
from .entries import Rotation
from .program import F64, MAX_TIME_FS, Arbitration, Program
from .schedule import I64, Schedule

__all__ = [
    "F64",
    "I64",
    "MAX_TIME_FS",
    "Arbitration",
    "Program",
    "ProgramBuilder",
    "Rotation",
    "Schedule",
    "check",
]

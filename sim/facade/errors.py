"""What goes wrong by a mistake of yours; every message says where, what was found and what was expected."""

from __future__ import annotations

from .arch.errors import ConfigError
from .sim.errors import DeadlockError, SimulationError
from .sim.extras import MissingExtra
from .sim.job.errors import QuestionError
from .tools.errors import UsageError
from .workloads.errors import NetworkError

__all__ = [
    "ConfigError",
    "DeadlockError",
    "MissingExtra",
    "NetworkError",
    "QuestionError",
    "SimulationError",
    "UsageError",
]

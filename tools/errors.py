"""The one error a bad command line raises, and what counts as the user's mistake."""

from __future__ import annotations


class UsageError(ValueError):
    """An argument that is not valid; the message names it, what was found and what was expected."""


def told(error: Exception) -> str:
    """What another library says, on one line of at most 160 characters."""
    return " ".join(str(error).split())[:160]


def is_users(error: BaseException) -> bool:
    """Whether an error is the user's to mend (one or two lines, exit 2) rather than ours (a traceback)."""
    # Imported here: only when something went wrong is it worth to load the packages for their error classes.
    from ..arch.errors import ConfigError
    from ..sim.errors import SimulationError
    from ..sim.extras import MissingExtra
    from ..workloads.errors import NetworkError

    return isinstance(error, (UsageError, ConfigError, NetworkError, SimulationError, MissingExtra))


class SuiteError(UsageError):
    """A suite or golden file that is not valid: ``file:line: field: what was found, what was expected``."""

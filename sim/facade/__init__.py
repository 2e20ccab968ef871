"""ohmsum: a cycle-level simulator for hybrid analog/digital in-memory-computing chips.

Everything below is imported when it is first used, so that ``import ohmsum`` costs nothing.

>>> import ohmsum
>>> run = ohmsum.run("mlp", "isaac")
>>> run.latency_s < 1e-3, run.critical_path.total_fs == run.latency_fs
(True, True)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .arch import vocabulary

if TYPE_CHECKING:
    from . import errors
    from .api import (
        check,
        chips,
        compare,
        generate,
        load_chip,
        load_network,
        networks,
        profile,
        run,
        serve,
        sweep,
    )
    from .sim.answers.base import Answer as Result
    from .sim.answers.run import Run
    from .sim.job.job import Job
    from .sim.simulate import simulate

    __version__: str

_HOMES = {
    "Job": (".sim.job.job", "Job"),
    "Result": (".sim.answers.base", "Answer"),
    "Run": (".sim.answers.run", "Run"),
    "simulate": (".sim.simulate", "simulate"),
}

__all__ = [
    "Job",
    "Result",
    "Run",
    "__version__",
    "check",
    "chips",
    "compare",
    "errors",
    "generate",
    "load_chip",
    "load_network",
    "networks",
    "profile",
    "run",
    "serve",
    "simulate",
    "sweep",
]


def _is_function(name: str) -> bool:
    from .workloads.functions import find

    return find(name) is not None


def _function_names() -> tuple[str, ...]:
    from .workloads.functions import names

    return names()


vocabulary.introduce(_is_function, _function_names)  # chips and networks know nothing of each other


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name == "__version__":
        from importlib.metadata import version

        return version("ohmsum")
    if name == "errors":
        return import_module(".errors", __name__)
    home, attribute = _HOMES.get(name) or (".api" if name in __all__ else "", name)
    if not home:
        from .arch.nearest import did_you_mean

        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{did_you_mean(name, __all__)}")
    return getattr(import_module(home, __name__), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

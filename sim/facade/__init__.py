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
    from .api import load_chip, load_network, run
    from .sim.answers.run import Run
    from .sim.simulate import simulate

    __version__: str

_HOMES = {
    "Run": ".sim.answers.run",
    "load_chip": ".api",
    "load_network": ".api",
    "run": ".api",
    "simulate": ".sim.simulate",
}

__all__ = ["Run", "__version__", "load_chip", "load_network", "run", "simulate"]


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
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

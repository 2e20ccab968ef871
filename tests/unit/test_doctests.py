"""Do the examples in the docstrings still give what they say?"""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import ohmsum
import ohmsum.arch
import ohmsum.sim
import ohmsum.tools
import ohmsum.workloads
import pytest


def modules() -> list[str]:
    """Names of all modules of the package; commands that run when imported are left out."""
    names = ["ohmsum", "ohmsum.api"]
    for package in (ohmsum.arch, ohmsum.workloads, ohmsum.sim, ohmsum.tools):
        names.append(package.__name__)
        names += [m.name for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    return [n for n in names if not n.startswith("ohmsum.sim.facade")]


@pytest.mark.parametrize("name", modules())
def test_examples(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = sum(len(test.examples) for n in modules() for test in finder.find(importlib.import_module(n)))
    assert examples > 10

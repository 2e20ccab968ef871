"""Does the package hold together: imports in one direction, files of a readable size, nothing left out of
the wheel?
"""

from __future__ import annotations

import ast
import configparser
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("arch", "workloads", "sim", "tools")
ALLOWED = {
    "arch": {"arch"},
    "workloads": {"workloads"},
    "sim": {"sim", "arch", "workloads"},
    "tools": {"tools", "sim", "arch", "workloads"},
    "facade": {"facade", "sim", "arch", "workloads", "tools"},
}
KERNEL_IMPORTS = {"numpy", "numba", *sys.stdlib_module_names}
MOST_LINES = 600


def sources() -> list[Path]:
    return sorted(path for folder in PACKAGES for path in (ROOT / folder).rglob("*.py"))


def module_of(path: Path) -> tuple[str, ...]:
    """Dotted name below `ohmsum` as parts: sim/facade/x.py is ("facade", "x"), as its package is `ohmsum`
    itself.
    """
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ("facade", *parts[2:]) if parts[:2] == ("sim", "facade") else parts


def imported(path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line and target of every import: parts below `ohmsum` for our own, ("", name) for any other."""
    module = module_of(path)
    package = () if module[0] == "facade" else module[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, _target(alias.name)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, _target(node.module or "")
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1]
            names = [()] if node.module else [(alias.name,) for alias in node.names]
            for name in names:
                yield (
                    node.lineno,
                    (*base, *(node.module or "").split("."), *name) if node.module else (*base, *name),
                )


def _target(name: str) -> tuple[str, ...]:
    head, _, rest = name.partition(".")
    return tuple(rest.split(".")) if head == "ohmsum" and rest else ("", name)


def test_the_sources_are_found() -> None:
    assert len(sources()) > 50
    assert {path.relative_to(ROOT).parts[0] for path in sources()} == set(PACKAGES)


def test_imports_point_one_way() -> None:
    wrong = []
    for path in sources():
        home = module_of(path)[0]
        for line, target in imported(path):
            if target[0] in ALLOWED and target[0] not in ALLOWED[home]:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {home} imports {'.'.join(target)}")
    assert not wrong


def test_kernels_import_only_numpy_and_numba() -> None:
    """They take and return arrays; any of our own types in them would tie the fast code to the model."""
    wrong = [
        f"{path.name}:{line}: {target}"
        for path in (ROOT / "sim" / "kernels").glob("*.py")
        for line, target in imported(path)
        if (
            target[1].split(".")[0] not in KERNEL_IMPORTS
            if target[0] == ""
            else target[:2] != ("sim", "kernels")
        )
    ]
    assert not wrong


def test_nothing_imports_the_facade_by_its_folder() -> None:
    """In an editable install `ohmsum.sim.facade` is a second copy of `ohmsum`."""
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in [*sources(), *(ROOT / "tests").rglob("*.py")]
        for line, target in imported(path)
        if target[:2] == ("sim", "facade")
    ]
    assert not wrong


def test_wrong_imports_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    for name, text in (("arch/a.py", "from ..sim import run"), ("sim/kernels/k.py", "import simpy")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(AssertionError, match="arch imports sim"):
        test_imports_point_one_way()
    with pytest.raises(AssertionError, match="simpy"):
        test_kernels_import_only_numpy_and_numba()


EVIDENCE = {"ohmsum.tools.bench", "ohmsum.tools.accuracy.networks"}
"""Benchmarks, and where documented accuracies come from: run from a checkout, of no use without one."""


def test_nothing_of_the_package_needs_the_evidence() -> None:
    homes = [tuple(name.split(".")[1:]) for name in sorted(EVIDENCE)]

    def in_evidence(parts: tuple[str, ...]) -> bool:
        return any(parts[: len(home)] == home for home in homes)

    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {'.'.join(target)}"
        for path in sources()
        if not in_evidence(module_of(path))
        for line, target in imported(path)
        if in_evidence(target)
    ]
    assert not wrong


def test_setup_lists_every_package() -> None:
    """A package missing here works in an editable install and is missing in the wheel."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    listed = setup["options"]["packages"].split()
    folders = {path.parent for folder in PACKAGES for path in (ROOT / folder).rglob("*.py")}
    names = {".".join(("ohmsum", *folder.relative_to(ROOT).parts)) for folder in folders}
    names = {"ohmsum" if name == "ohmsum.sim.facade" else name for name in names} - EVIDENCE
    assert sorted(listed) == sorted(names)
    assert listed == sorted(listed), "in alphabetical order, so that a missing one is easy to see"
    for folder in folders:
        assert (folder / "__init__.py").exists(), f"{folder} has no __init__.py"


def test_no_file_is_too_long() -> None:
    everything = [*sources(), *(ROOT / "tests").rglob("*.py")]
    long = {
        str(p.relative_to(ROOT)): n for p in everything if (n := len(p.read_text().splitlines())) > MOST_LINES
    }
    assert not long


@pytest.mark.parametrize("package", ["ohmsum", "ohmsum.arch", "ohmsum.workloads"])
def test_every_public_name_is_there(package: str) -> None:
    """Some are imported when they are first asked for."""
    module = import_module(package)
    missing = [name for name in module.__all__ if not hasattr(module, name)]
    assert not missing

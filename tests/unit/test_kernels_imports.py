"""`sim/kernels` stands alone: the standard library, numpy, numba and itself."""

import ast
import sys
from pathlib import Path
from typing import Any

import ohmsum.sim.kernels as kernels
import pytest

FILES = sorted(Path(kernels.__path__[0]).glob("*.py"))


def jitted(tree: Any) -> Any:
    """Names of the functions of a module that numba compiles."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            names = {ast.unparse(d).split("(")[0] for d in node.decorator_list}
            if names & {"njit", "intrinsic", "vectorize", "guvectorize"}:
                yield node


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_only_numpy_numba_and_siblings_are_imported(path: Any) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            roots = {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots = {(node.module or "").split(".")[0]} if node.level == 0 else set()
            assert node.level <= 1, f"{path.name}:{node.lineno} imports from outside the kernels"
        else:
            continue
        assert roots <= {"numpy", "numba"} | sys.stdlib_module_names, f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_a_jitted_call_graph_stays_in_one_file(path: Any) -> None:
    """numba's cache stamps only the file of the outermost function: edits elsewhere would go unseen."""
    tree = ast.parse(path.read_text())
    imported = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for alias in node.names
    }
    for function in jitted(tree):
        calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
        called = {call.id for call in calls if isinstance(call, ast.Name)}
        assert not called & imported, f"{path.name}: {function.name} calls {called & imported}"

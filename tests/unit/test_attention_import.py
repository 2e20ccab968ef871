"""Are causal masks found, however an exporter writes them, and nothing else taken for one?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ohmsum.workloads import Network, Operator, Reach, load
from onnx import NodeProto

from ..kit.onnx_graphs import imported, node

N = 6
TOKENS: dict[str, tuple[int, ...]] = {"q": (1, N, 8), "k": (1, N, 8), "v": (1, N, 8)}
LOWER = np.tril(np.ones((N, N), bool))
LOWEST = float(np.finfo(np.float32).min)
NEVER = np.array(-np.inf, np.float32)


def attention(
    tmp_path: Path,
    mask: list[NodeProto],
    constants: dict[str, Any],
    inputs: dict[str, tuple[int, ...]] | None = None,
) -> Network:
    """softmax(mask(q k)) v, where the nodes of `mask` make "m" of the scores "s"."""
    heads = [
        part
        for name, perm in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3]))
        for part in (
            node("Reshape", f"{name} split", f"{name}4"),
            node("Transpose", f"{name}4", f"{name}h", perm=perm),
        )
    ]
    nodes = [
        *heads,
        node("MatMul", "qh kh", "s"),
        *mask,
        node("Softmax", "m", "p", axis=-1),
        node("MatMul", "p vh", "y"),
    ]
    split = {"split": np.array([1, N, 2, 4])}
    return imported(tmp_path, nodes, TOKENS | (inputs or {}), {**split, **constants})


def reaches(network: Network) -> set[Reach | None]:
    """Of products and softmax."""
    return {o.reach for o in network if o.kind == "product" or o.function == "softmax"}


def windows(network: Network) -> list[list[str]]:
    """Of the operands of the products."""
    return [[p.window.kind for p in o.inputs] for o in network if o.kind == "product"]


ADDED = {
    "minus infinity": np.where(LOWER, 0, -np.inf),
    "lowest number": np.where(LOWER, 0, LOWEST)[None, None],
    "half precision": np.where(LOWER, 0, -65504.0)[None],
    "with a bias of positions": np.where(LOWER, np.arange(N) - N, -1e9),
}


@pytest.mark.parametrize("values", ADDED.values(), ids=ADDED.keys())
def test_a_mask_that_is_added(tmp_path: Path, values: np.ndarray) -> None:
    network = attention(tmp_path, [node("Add", "s c", "m")], {"c": values.astype(np.float32)})
    assert reaches(network) == {Reach(1, 1)}
    assert windows(network) == [["same", "prefix"], ["same", "prefix"]]


def test_a_mask_that_chooses(tmp_path: Path) -> None:
    for condition, operands in ((LOWER, "c s n"), (~LOWER, "c n s")):
        network = attention(tmp_path, [node("Where", operands, "m")], {"c": condition, "n": NEVER})
        assert reaches(network) == {Reach(1, 1)}


def test_a_mask_that_is_built_in_the_graph(tmp_path: Path) -> None:
    by_trilu = [node("Trilu", "full one", "c", upper=1), node("Add", "s c", "m")]
    constants = {"full": np.full((N, N), -np.inf, np.float32), "one": np.array(1)}
    assert reaches(attention(tmp_path, by_trilu, constants)) == {Reach(1, 1)}
    by_position = [
        node("Range", "zero n step", "i"),
        node("Unsqueeze", "i last", "rows"),
        node("Greater", "i rows", "later"),
        node("Where", "later never s", "m"),
    ]
    numbers = {name: np.array(value) for name, value in (("zero", 0), ("n", N), ("step", 1))}
    network = attention(tmp_path, by_position, {**numbers, "last": np.array([1]), "never": NEVER})
    assert reaches(network) == {Reach(1, 1)}


def test_scales_and_padding_that_comes_with_the_input_change_nothing(tmp_path: Path) -> None:
    nodes = [
        node("Mul", "s scale", "scaled"),
        node("Greater", "padding zero", "there"),
        node("And", "there c", "both"),
        node("Where", "both scaled n", "m"),
    ]
    constants = {
        "scale": np.array(0.5, np.float32),
        "zero": np.array(0.0, np.float32),
        "c": LOWER,
        "n": NEVER,
    }
    network = attention(tmp_path, nodes, constants, {"padding": (1, 1, 1, N)})
    assert reaches(network) == {Reach(1, 1)}


def test_a_window_of_the_last_three_positions_counts_as_causal(tmp_path: Path) -> None:
    banded = LOWER & ~np.tril(np.ones((N, N), bool), -3)
    network = attention(tmp_path, [node("Where", "c s n", "m")], {"c": banded, "n": NEVER})
    assert reaches(network) == {Reach(1, 1)}
    assert network.product_macs == 2 * 2 * 4 * (1 + 2 + 3 + 4 + 5 + 6)


NOT_CAUSAL = {
    "everything": np.zeros((N, N)),
    "looking ahead": np.where(LOWER.T, 0, -np.inf),
    "one later key": np.where(np.tril(np.ones((N, N)), 1), 0, -np.inf),
    "a bias only": np.where(LOWER, 0, -5.0),
    "padding": np.where(np.arange(N) < 4, 0, -np.inf) * np.ones((N, 1)),
    "one head of two": np.stack([np.where(LOWER, 0, -np.inf), np.zeros((N, N))])[None],
}


@pytest.mark.parametrize("values", NOT_CAUSAL.values(), ids=NOT_CAUSAL.keys())
def test_what_is_no_causal_mask(tmp_path: Path, values: np.ndarray) -> None:
    network = attention(tmp_path, [node("Add", "s c", "m")], {"c": values.astype(np.float32)})
    assert reaches(network) == {None}
    assert windows(network) == [["same", "all"], ["same", "all"]]


def test_several_sequences_look_back_each_on_its_own(tmp_path: Path) -> None:
    nodes = [node("MatMul", "q k", "s"), node("Add", "s c", "m"), node("Softmax", "m", "y", axis=-1)]
    mask = np.where(LOWER, 0, -np.inf).astype(np.float32)
    network = imported(tmp_path, nodes, {"q": (3, N, 4), "k": (3, 4, N)}, {"c": mask})
    assert reaches(network) == {Reach(1, each=(1, 2, 3, 4, 5, 6) * 3)}


def test_the_decoders_of_the_zoo_look_back_and_its_encoders_do_not() -> None:
    for name, shared_by, reach in (
        ("gpt2", 1, Reach(1, 1)),
        ("llama-1b", 8, Reach(1, 1)),
        ("bert-base", 1, None),
        ("vit-b16", 1, None),
    ):
        network = load(name)
        products: list[Operator] = [o for o in network if o.product]
        assert {o.product.shared_by for o in products if o.product} == {shared_by}
        assert reaches(network) == {reach}

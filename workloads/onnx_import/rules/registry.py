"""Operator rules by (domain, operator): what an ONNX node becomes."""

from __future__ import annotations

from collections.abc import Callable

from ..builder import Builder
from ..nodes import Node

Rule = Callable[[Node, Builder], None]

RULES: dict[tuple[str, str], Rule] = {}


def rule(*ops: str, domain: str = "") -> Callable[[Rule], Rule]:
    """Register a function for these ONNX operators."""

    def register(function: Rule) -> Rule:
        for op in ops:
            RULES[domain, op] = function
        return function

    return register

"""The decorator of every function of the loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numba

OPTIONS: dict[str, Any] = {"_nrt": False, "error_model": "numpy"}
"""No reference counts, since nothing is allocated; divisions are not checked for 0."""

INTERNAL: dict[str, Any] = OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile when called by compiled code, and only for that."""
    compiled: Callable[P, R] = numba.njit(**INTERNAL)(function)
    return compiled

"""The decorator of every function of the loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile when called by compiled code: no Python objects, and no allocation, hence no reference counts."""
    compiled: Callable[P, R] = numba.njit(
        _nrt=False, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
    )(function)
    return compiled

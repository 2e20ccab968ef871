"""How the loop reaches its records: ``vcs(s, i)`` is record i of that table, for reading and writing.

A state is passed as one pointer, to its head, and a table's address is read from there. Passing some twenty
arrays to every function instead costs a minute of compilation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import intrinsic

from .state import HEAD, TABLES

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile when called by compiled code: no Python objects, no allocation, hence no reference counts."""
    jit: Any = numba.njit
    compiled: Callable[P, R] = jit(_nrt=False, error_model="numpy")(function)
    return compiled


def _table(name: str) -> Callable[[Any, int], Any]:
    """Access to a table by its address in the head."""
    record = numba.from_dtype(TABLES[name])
    assert HEAD.fields is not None
    offset = HEAD.fields[f"{name}_at"][1]

    @intrinsic
    def at(_: Any, s: Any, index: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            head = builder.ptrtoint(args[0], ir.IntType(64))
            field = builder.add(head, ir.Constant(ir.IntType(64), offset))
            address = builder.load(builder.inttoptr(field, ir.IntType(64).as_pointer()))
            address.set_metadata("invariant.load", builder.module.add_metadata([]))
            i = context.cast(builder, args[1], signature.args[1], types.int64)
            skip = builder.mul(i, ir.Constant(ir.IntType(64), record.size), flags=["nsw"])
            return builder.inttoptr(builder.add(address, skip), context.get_value_type(record))

        return record(s, index), code

    access: Any = at
    return cast(Callable[[Any, int], Any], access)


vcs = _table("vcs")
queue = _table("queue")
links = _table("links")
routers = _table("routers")
in_links = _table("in_links")
sources = _table("sources")
packets = _table("packets")
free_slots = _table("free_slots")
hops = _table("hops")
flying = _table("flying")
n_flying = _table("n_flying")
returning = _table("returning")
n_returning = _table("n_returning")
routed = _table("routed")
allocated = _table("allocated")
won = _table("won")
live = _table("live")
waited = _table("waited")
senders = _table("senders")
requests = _table("requests")
offers = _table("offers")
deliveries = _table("deliveries")

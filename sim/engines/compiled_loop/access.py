"""How the loop reaches its records: ``flights(s, i)`` is record i of that table, for reading and writing.

A state is passed as one pointer, to its head, and a table's address is read from there (once per call of the
loop: it is marked invariant). Passing thirty arrays to every function instead costs a minute of compilation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import types
from numba.extending import intrinsic

from .state import EVENT, HEAD, TABLES

Access = Callable[[Any, int], Any]


def _record_at(context: Any, builder: Any, address: Any, index: Any, record: Any) -> Any:
    """The record number `index` from `address` on."""
    offset = builder.mul(index, ir.Constant(ir.IntType(64), record.size), flags=["nsw"])
    return builder.inttoptr(builder.add(address, offset), context.get_value_type(record))


def _table(name: str) -> Access:
    """Access to a table by the address in the head."""
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
            return _record_at(context, builder, address, i, record)

        return record(s, index), code

    return cast(Access, at)


@intrinsic
def _event_at(_: Any, address: Any, index: Any) -> Any:
    """Record `index` of a heap that starts at `address`."""
    record = numba.from_dtype(EVENT)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        i = context.cast(builder, args[1], signature.args[1], types.int64)
        return _record_at(context, builder, args[0], i, record)

    return record(types.int64, index), code


event_at = cast(Access, _event_at)
assert np.dtype(np.intp).itemsize == 8
flights = _table("flights")
nodes = _table("nodes")
forward = _table("forward")
actors = _table("actors")
visits = _table("visits")
channels = _table("channels")
cursors = _table("cursors")
table = _table("table")
in_channel = _table("in_channel")
out_channel = _table("out_channel")
group = _table("group")
resources = _table("resources")
servers = _table("servers")
slot_owner = _table("slot_owner")
latest_begin = _table("latest_begin")
lanes = _table("lanes")
links = _table("links")
requests = _table("requests")
touched = _table("touched")
ended = _table("ended")
changed = _table("changed")
iterations = _table("iterations")
arrivals = _table("arrivals")
bins = _table("bins")
firings = _table("firings")
waits_for_arrivals = _table("waits_for_arrivals")
seen = _table("seen")
breaks = _table("breaks")
period = _table("period")

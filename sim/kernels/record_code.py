"""How compiled code reaches records: ``links(s, i)`` is record i of that table, for reading and writing.

A table's address is read from the head (once per call of the loop: it is marked invariant). With the
environment variable NUMBA_BOUNDSCHECK=1 an index outside its table raises, as it does for arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, cast

import numba
from numba.core import cgutils, config, types
from numba.extending import intrinsic

from .records import RecordType

OPTIONS: dict[str, Any] = {"_nrt": False, "error_model": "numpy"}
"""No reference counts, since nothing is allocated; divisions are not checked for 0."""

NJIT: Any = numba.njit
CONFIG: Any = config
IF_UNLIKELY: Any = cgutils.if_unlikely

P = ParamSpec("P")
R = TypeVar("R")
Access = Callable[[Any, int], Any]


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile when called by compiled code, and only for that."""
    compiled: Callable[P, R] = NJIT(**OPTIONS, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    return compiled


def table(head: RecordType, tables: Mapping[str, RecordType], name: str) -> Access:
    """Access to the table `name` by its address in the head."""
    kind = numba.from_dtype(tables[name])
    assert head.fields is not None
    address_at, size_at = (head.fields[f"{name}_{what}"][1] for what in ("at", "size"))

    @intrinsic
    def at(_: Any, s: Any, index: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            address = _of_head(context, builder, args[0], address_at)
            i = context.cast(builder, args[1], signature.args[1], types.int64)
            if CONFIG.BOUNDSCHECK:
                size = _of_head(context, builder, args[0], size_at)
                outside = builder.or_(
                    builder.icmp_signed("<", i, context.get_constant(types.int64, 0)),
                    builder.icmp_signed(">=", i, size),
                )
                with IF_UNLIKELY(builder, outside):
                    context.call_conv.return_user_exc(builder, IndexError, (f"outside table {name!r}",))
            return _record_at(context, builder, address, i, kind)

        return kind(s, index), code

    return cast(Access, at)


def records_at(kind: RecordType) -> Access:
    """Access to records by the address of the first, not by a head: for a table that is one of several."""
    record = numba.from_dtype(kind)

    @intrinsic
    def at(_: Any, address: Any, index: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            i = context.cast(builder, args[1], signature.args[1], types.int64)
            return _record_at(context, builder, args[0], i, record)

        return record(types.int64, index), code

    return cast(Access, at)


def _of_head(context: Any, builder: Any, head: Any, offset: int) -> Any:
    """An integer of the head, which does not change while the loop runs."""
    word = context.get_value_type(types.int64)
    field = builder.add(builder.ptrtoint(head, word), context.get_constant(types.int64, offset))
    value = builder.load(builder.inttoptr(field, word.as_pointer()))
    value.set_metadata("invariant.load", builder.module.add_metadata([]))
    return value


def _record_at(context: Any, builder: Any, address: Any, index: Any, kind: Any) -> Any:
    """The record number `index` from `address` on."""
    offset = builder.mul(index, context.get_constant(types.int64, kind.size), flags=["nsw"])
    return builder.inttoptr(builder.add(address, offset), context.get_value_type(kind))

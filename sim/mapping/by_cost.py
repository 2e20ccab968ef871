"""Matrices that a chip can make on its MAC arrays or on a digital unit: where they take less time.

Both have their operands in the buffers of the arrays, so only time decides: on the arrays that of the folds,
over all arrays; on the unit that of its beats. Whoever would gain most moves first, to the unit if that is
faster and does not become busier than the busier of the two was. The weights of what moves stay in the
buffers for all tokens; at most a quarter of the buffers is for them. In a decoding phase all weights come
again for every token, so there all matrices stay on the arrays.
"""

from __future__ import annotations

from ...arch.chip import Chip
from ...arch.digital import MacArray, Unit
from ...workloads.graph import Matrix, Network, Operator
from .assignment import Choice, OnArray, OnChipUnits
from .places import chip_unit, work_of
from .timing import Folds, ceil_div, unit_beats

SHARE = 4
"""One part in so many of the buffers is for weights that stay there."""


def weights_bytes(m: Matrix, array: MacArray) -> int:
    """Bytes of the weights of a matrix, as MAC arrays store them."""
    return ceil_div(m.k * m.n * m.groups * array.weight_bits, 8)


def array_fs(array: MacArray, m: Matrix, n_tokens: int) -> int:
    """Time that all arrays of a chip together take for a matrix."""
    folds = Folds.of(array, m.k, m.n, n_tokens * m.applications)
    return ceil_div(folds.n_folds * m.groups, array.count) * folds.cycles * array.cycle_fs


def unit_fs(unit: Unit, function: str, work: int) -> int:
    """Time that a unit takes for so many operations."""
    return unit.hold_fs(unit_beats(unit, work, function, 1)) if work else 0


def off_arrays(network: Network, chip: Chip, found: dict[str, Choice]) -> dict[str, Choice]:
    """Choices with the matrices moved that a unit of the chip makes faster than the MAC arrays."""
    array, unit = chip.mac_array, chip_unit(chip, "mac")
    if array is None or unit is None or chip.tile is not None:
        return found
    if any(o.product is not None and o.product.cached for o in network.operators):
        return found
    arrays_fs, units_fs = _loads(network, array, unit, found)
    moves = []
    for o in network.operators:
        m, choice = o.matrix, found[o.name]
        if m is None or o.role is not None or m.recurrent_k or not isinstance(choice, OnArray):
            continue
        here = array_fs(array, m, o.output.grid.n_tokens)
        there = unit_fs(unit, "mac", _work(o))
        if there < here:
            moves.append((there - here, o, here, there))
    room = array.count * array.buffer.capacity_bytes // SHARE
    moved = dict(found)
    for _, o, here, there in sorted(moves, key=lambda move: (move[0], move[1].name)):
        assert o.matrix is not None
        size = weights_bytes(o.matrix, array)
        if size > room or max(arrays_fs - here, units_fs + there) > max(arrays_fs, units_fs):
            continue
        room, arrays_fs, units_fs = room - size, arrays_fs - here, units_fs + there
        moved[o.name] = _on_unit(o, found[o.name], unit, array, size)
    return moved


def _on_unit(o: Operator, choice: Choice, unit: Unit, array: MacArray, size: int) -> OnChipUnits:
    assert isinstance(choice, OnArray)
    why = f"faster than on the MAC arrays ({choice.reason})"
    return OnChipUnits(
        operator=o.name,
        reason=why,
        own=(unit,),
        fused=choice.fused,
        array=array,
        kept_weights_bytes=size,
    )


def _loads(network: Network, array: MacArray, unit: Unit, found: dict[str, Choice]) -> tuple[int, int]:
    """Time per inference of the arrays and of the unit, as chosen so far."""
    arrays_fs = units_fs = 0
    for o in network.operators:
        choice, n_tokens = found[o.name], o.output.grid.n_tokens
        if isinstance(choice, OnArray) and o.matrix is not None:
            arrays_fs += array_fs(array, o.matrix, n_tokens)
        elif isinstance(choice, OnArray) and o.product is not None:
            p = o.product
            heads = Matrix(p.k, p.n, groups=p.heads // p.shared_by, applications=p.shared_by)
            arrays_fs += array_fs(array, heads, n_tokens)
        elif isinstance(choice, OnChipUnits):
            for (function, work), own in zip(work_of(o), choice.own, strict=bool(choice.own)):
                units_fs += unit_fs(own, function, work * n_tokens) if own == unit else 0
        if isinstance(choice, OnArray | OnChipUnits):
            for function, own in zip(o.fused, choice.fused, strict=True):
                units_fs += unit_fs(own, function, o.output.size) if own == unit else 0
    return arrays_fs, units_fs


def _work(o: Operator) -> int:
    return sum(work for _, work in work_of(o)) * o.output.grid.n_tokens

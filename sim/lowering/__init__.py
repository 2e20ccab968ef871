"""From a Mapping to a Program: stages, one per operator, then the channels between them.

Reading order: `grouping` (streams as firings), `crossbars` and `mvm`, `units`, `arrays` (a stage by where it
runs), `products` and `kv_cache` (attention), `transfers` (the interconnect), `capacity` (room), `connect`
(channels).
"""

from __future__ import annotations

from collections.abc import Mapping as Dict

from ...arch.chip import Chip
from ...workloads.graph import Operator
from ..flit_detail import FlitDetail
from ..mapping.assignment import (
    Assignment,
    AtInput,
    InCache,
    InCells,
    InMemory,
    OnArray,
    OnChipUnits,
    OnCrossbars,
    OnHost,
    OnRewritten,
    OnTileUnits,
    WritesOperand,
)
from ..mapping.mapping import Mapping
from ..noc.deadlock import check_deadlock_free
from ..noc.detail import Detail
from ..operands.layer_operands import LayerOperands
from ..program import Program
from . import arrays, crossbars, kv_cache, rewritten, serial, streams, training, units
from .autoregression import feed_back
from .connect import connect
from .context import Context
from .memory import check_capacity
from .prefetch import bound_prefetch
from .stage import Stage
from .static import static_power
from .swap import lower_swap


def lower(
    mapping: Mapping,
    chip: Chip,
    *,
    multicast: bool = True,
    lump: bool = True,
    detail: Detail | None = None,
    autoregressive: bool = False,
    operands: Dict[str, LayerOperands] | None = None,
) -> Program:
    """The Program of a mapped network.

    Parameters
    ----------
    mapping : Mapping
    chip : Chip
        The one it was mapped on.
    multicast : bool
        A stream with several consumers is sent once, along a tree, if the chip's routers copy packets; else
        once for each of their tiles.
    lump : bool
        Make one resource of those that are always occupied together, which changes no time, count or energy.
    detail : {"ideal", "packet", "flit"}
        Of the network; that of the chip (`noc.detail`) if not given.
    autoregressive : bool
        The output of the network is its next input: token k of its one input waits for output token
        k - (columns of the grid).
    operands : dict of str to LayerOperands
        Of layers on crossbars, for energy and time that depend on data; the chip's stated energies if absent.

    Raises
    ------
    SimulationError
        Flit detail on a chip that has no routers, or on routes that could deadlock.
    """
    of_chip = chip.noc.detail if chip.noc else None
    context = Context.of(mapping, chip, detail or of_chip or "packet")
    context.autoregressive = autoregressive
    multicast = context.multicast = multicast and (chip.noc is None or chip.noc.copies)
    context.operands = operands or {}
    check_capacity(context)
    stages: dict[str, Stage] = {}
    for operator in mapping.network.operators:
        a = mapping.of(operator.name)
        makers = [stages[mapping.network.producer(p.tensor).name] for p in operator.inputs]
        stages[operator.name] = _stage(context, operator, a, makers)
    outputs = {}
    if chip.host is not None:
        for name in mapping.network.outputs:
            outputs[f"{name} (out)"] = name
            stages[f"{name} (out)"] = units.output(context, f"{name} (out)", stages[name])
    if context.cuts:
        streams.connect(context, stages, outputs, multicast=multicast)
    else:
        connect(context, stages, outputs, multicast=multicast)
    lower_swap(context, stages)
    serial.order(context, stages)
    bound_prefetch(context)
    training.order(context, stages)
    if autoregressive:
        last = next(iter(outputs), mapping.network.outputs[0])
        feed_back(context, stages[last], stages[mapping.network.operators[0].name], multicast=multicast)
        kv_cache.bound_reads(context, stages[last].firings.grid.cols)
    static_power(context)
    program = context.builder.build(lump=lump, flit=context.flit)
    if program.flit is not None:
        _check_deadlock_free(program.flit)
    return program


def _stage(context: Context, operator: Operator, a: Assignment, makers: list[Stage]) -> Stage:
    """The stage of one operator, by where it runs; `makers` are those of its inputs."""
    source = makers[0] if makers else None
    written = makers[1] if operator.product is not None else None
    if operator.role is not None and operator.role.task == "save":
        return training.save(context, operator, a)
    match a:
        case OnCrossbars():
            return crossbars.lower(context.of_layer(operator), operator, a)
        case OnRewritten():
            return rewritten.multiply(context, operator, a)
        case WritesOperand():
            return rewritten.write(context, operator, a, makers[0])
        case InCells():
            return training.lower(context, operator, a)
        case OnArray():
            return arrays.lower(context, operator, a, source, written)
        case OnTileUnits() if operator.role is not None and operator.role.task == "gradient":
            return training.gradient(context, operator, a, source)
        case OnTileUnits() | OnChipUnits() | InMemory() | InCache() | OnHost() | AtInput():
            return units.lower(context, operator, a, source, written)


def _check_deadlock_free(flit: FlitDetail) -> None:
    """Refuse routes that could wait for each other in a circle on the virtual channels that there are."""
    pairs = sorted({(f.src, dst) for flows in flit.flows.values() for f in flows for dst in f.dsts})
    check_deadlock_free(flit.topology, pairs, min(flit.router.n_vcs, flit.topology.n_classes))

"""Where products of two activations run, and what that makes of the network.

On the MAC arrays of the chip, on a unit that offers ``mac``, on the host, or on crossbars that are rewritten
at run time: keys (values) are written position by position as they are made, each into lines of cells of its
own, and queries (weights) are applied to what is written. Writing is an operator of its own then, before the
product. A position of keys takes as many columns as a weight, one of values takes a row; all cells of a line
are written together in `write_time` (for columns an assumption).
"""

from __future__ import annotations

from dataclasses import replace

from ...arch.chip import Chip
from ...workloads.graph import Matrix, Network, Operator, Port, Window
from ..errors import SimulationError
from .assignment import Assignment, WritesOperand, Written
from .growth import grows_along
from .mapping import Mapping
from .options import MappingOptions
from .tiling import Tiling

WRITE = "CrossbarWrite"
"""Operators (kind "move") that write a token's keys or values into crossbars."""


def attention_place(chip: Chip, options: MappingOptions) -> str:
    """Where products run: as the user says, else as the chip says, else on the nearest hardware.

    Raises
    ------
    SimulationError
        The chip has no such hardware, or does not say what writing costs.
    """
    if options.attention == "auto":
        return chip.attention or ("mac_array" if chip.mac_array is not None else "nearest")
    units = (*(chip.tile.units if chip.tile else ()), *chip.units)
    has = {
        "mac_array": chip.mac_array is not None,
        "unit": any("mac" in unit.functions for unit in units),
        "analog": chip.tile is not None,
        "host": chip.host is not None and options.host,
    }
    if not has[options.attention]:
        can = ", ".join(name for name, there in has.items() if there) or "none of them"
        raise SimulationError(
            f"`attention: {options.attention}`: chip {chip.name!r} has no such hardware; it could run "
            f"attention on {can}"
        )
    return options.attention


def prepared(network: Network, chip: Chip, options: MappingOptions) -> Network:
    """The network as this chip runs its attentions: masked work done or not, operands written or not."""
    if options.dense_attention:
        network = dense(network)
    if attention_place(chip, options) != "analog" or not any(o.product for o in network.operators):
        return network
    _check_analog(chip, options)
    return _with_writes(network)


def dense(network: Network) -> Network:
    """The network with all masked work done: what hardware does that cannot skip it.

    Products with a cache keep their reach: later positions are not masked there, they do not exist yet.
    """
    cached = {o.reach for o in network.operators if o.product is not None and o.product.cached}

    def whole(o: Operator) -> Operator:
        if o.reach is None or o.reach in cached:
            return o
        ports = tuple(Port(p.tensor, Window("all")) if p.window.kind == "prefix" else p for p in o.inputs)
        return replace(o, reach=None, inputs=ports if o.product is not None else o.inputs)

    return replace(network, operators=tuple(map(whole, network.operators)), _by_tensor={})


def _check_analog(chip: Chip, options: MappingOptions) -> None:
    assert chip.tile is not None
    crossbar = chip.tile.crossbar
    for name, value in (("write_time", crossbar.write_time_fs), ("write_energy", crossbar.write_energy_j)):
        if value is None:
            raise SimulationError(
                f"attention on analog arrays: chip {chip.name!r} does not say what writing costs: "
                f"tile.crossbar.{name} is missing\nset it, or choose another place with `attention`"
            )
    for chosen, name in ((options.swap, "`swap`"), (options.partition != "pipeline", "`partition`")):
        if chosen:
            raise SimulationError(
                f"attention on analog arrays cannot go together with {name}: its arrays keep their place; "
                "choose another place with `attention`"
            )


def _with_writes(network: Network) -> Network:
    """A write before every product; an append to a cache becomes one, since the crossbars are the cache.

    An append that only later networks read goes without saying: what it appends is written for a product.
    """
    read = {o.inputs[1].tensor: o for o in network.operators if o.product is not None}
    used = {p.tensor for o in network.operators for p in o.inputs}
    made: list[Operator] = []
    for o in network.operators:
        if o.op == "CacheAppend" and o.output.name in read:
            made.append(replace(o, op=WRITE))
            continue
        if o.op == "CacheAppend" and o.output.name not in used and o.name not in network.outputs:
            continue
        if o.product is None or network.producer(o.inputs[1].tensor).op == "CacheAppend":
            made.append(o)
            continue
        stationary = network.producer(o.inputs[1].tensor).output
        written = replace(stationary, name=f"{o.name} written")
        made.append(Operator(written.name, WRITE, "move", (Port(stationary.name),), written))
        made.append(replace(o, inputs=(o.inputs[0], Port(written.name, o.inputs[1].window))))
    return replace(network, operators=tuple(made), _by_tensor={})


def written(product: Operator, network: Network) -> Written:
    """How a product lies on crossbars.

    Raises
    ------
    SimulationError
        Its tokens are of sequences that cannot lie beside each other.
    """
    p, reach, grid = product.product, product.reach, product.output.grid
    assert p is not None
    along = grows_along(product, network)
    if along == "none":
        along = "k" if network.producer(product.inputs[0].tensor).function == "softmax" else "n"
    sequences = reach.every if reach is not None and p.cached else 1
    if (reach is not None and reach.each and p.cached) or (grid.rows > 1 and not p.cached):
        raise SimulationError(
            f"operator {product.name!r}: attention on analog arrays takes one sequence, or decodes sequences "
            "of equal context in turn; run one at a time, or choose another place with `attention`"
        )
    matrix = Matrix(p.k, p.n, groups=p.heads // p.shared_by, applications=p.shared_by)
    return Written(matrix, sequences, along)


def keep_room(
    network: Network,
    products: list[Operator],
    tilings: dict[str, Tiling],
    like: Mapping,
    replicas: dict[str, int],
) -> None:
    """Put the copies of products into `replicas`, in the crossbars that an earlier mapping has for them.

    Raises
    ------
    SimulationError
        A product has outgrown its crossbars.
    """
    for o in products:
        before = like.blocks_of(o.name)
        replicas[o.name] = written(o, network).sequences
        needed, there = (
            tilings[o.name].crossbars * replicas[o.name],
            before.tiling.crossbars * before.replicas,
        )
        if needed > there:
            raise SimulationError(
                f"operator {o.name!r}: attention on analog arrays takes {needed} crossbars for this context, "
                f"the prompt has {there}\nuse a longer prompt, or choose another place with `attention`"
            )


def rewriting(chip: Chip, assignments: list[Assignment]) -> tuple[str, ...]:
    """What the user should know of crossbars that are rewritten: how many, and how long their cells last."""
    taken = [a.tiling.crossbars * a.replicas for a in assignments if isinstance(a, WritesOperand)]
    if chip.tile is None or not taken:
        return ()
    endurance = chip.tile.crossbar.cell.endurance
    lasts = (
        "their endurance is not known (tile.crossbar.cell.endurance)"
        if endurance is None
        else f"{endurance:.3g} writes of a cell last for as many inferences"
    )
    return (f"attention rewrites {sum(taken)} crossbars, each cell once per inference: {lasts}",)


def product_of(write: Operator, network: Network) -> Operator:
    """The product that a write is for."""
    return next(o for o in network.operators if o.product and o.inputs[1].tensor == write.output.name)

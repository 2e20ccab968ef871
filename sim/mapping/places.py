"""Which hardware runs an operator: crossbars, MAC arrays, a digital unit, or the host.

Static weights go to crossbars (or MAC arrays); everything else to the nearest unit that offers its
function: a unit of the tile, a unit of the chip, the host behind the chip's link.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...arch.chip import Chip
from ...arch.digital import Unit
from ...workloads.graph import Network, Operator, Port, Reach, Window
from ..errors import SimulationError
from .attention import WRITE, WRITES, attention_place
from .growth import output_grows
from .kv_cache import CACHE_APPEND
from .mapping import Place
from .options import MappingOptions


@dataclass(frozen=True)
class Choice:
    """Place and unit of one operator, with the reason."""

    place: Place
    unit: str
    reason: str


def find_unit(chip: Chip, function: str, place: Place | None = None) -> tuple[Place, Unit] | None:
    """The nearest digital unit that offers a function (only among those of `place`, if given), or None."""
    if chip.tile is not None and place != "chip_unit":
        for unit in chip.tile.units:
            if function in unit.functions:
                return "tile_unit", unit
    if place == "tile_unit":
        return None
    for unit in chip.units:
        if function in unit.functions:
            return "chip_unit", unit
    return None


def work_of(operator: Operator) -> tuple[tuple[str, int], ...]:
    """Functions and element operations per output token of an operator on digital units or the host."""
    if operator.kind == "vector":
        return operator.state_work or ((operator.function, operator.work),)
    if operator.product is not None:
        return (("mac", operator.product.heads * operator.product.k * operator.product.n),)
    if operator.matrix is not None:
        m = operator.matrix
        return (("mac", m.applications * m.groups * m.k * m.n),)
    return ()


def choose(operator: Operator, chip: Chip, options: MappingOptions) -> Choice:
    """Where one operator runs.

    Raises
    ------
    SimulationError
        If only the host could run it and the options (or the chip) exclude the host.
    """
    if operator.kind == "input":
        return Choice("host", "input", "network input")
    if operator.kind == "matrix":
        return _choose_matrix(operator, chip, options)
    if operator.kind == "product":
        return _choose_product(operator, chip, options)
    if operator.kind == "move":
        return _choose_move(operator, chip, options)
    return _unit_or_host(operator, chip, options)


def _choose_product(operator: Operator, chip: Chip, options: MappingOptions) -> Choice:
    where = attention_place(chip, options)
    why = "as chosen" if options.attention != "auto" else "as the chip file says" if chip.attention else ""
    if where == "mac_array":
        return Choice("mac_array", "mac_array", why or "product of two activations")
    if where == "analog":
        return Choice("crossbar", "crossbar", f"{why}: rewritten at run time")
    if where == "host":
        return _host(operator, chip, options, f"attention on the host {why}")
    return _unit_or_host(operator, chip, options)


def _choose_matrix(operator: Operator, chip: Chip, options: MappingOptions) -> Choice:
    digital = operator.name in options.digital or operator.op in options.digital
    if chip.tile is not None and not digital:
        return Choice("crossbar", "crossbar", "static weights")
    why = "kept digital on request" if digital else "no crossbars on this chip"
    if chip.mac_array is not None:
        return Choice("mac_array", "mac_array", why)
    return _unit_or_host(operator, chip, options)


def _choose_move(operator: Operator, chip: Chip, options: MappingOptions) -> Choice:
    if operator.op == WRITE:
        return Choice("cells", WRITES, "operand of a product, written at run time")
    if operator.op == CACHE_APPEND:
        where = attention_place(chip, options)
        if where == "host" or (where == "nearest" and find_unit(chip, "mac") is None):
            return _host(operator, chip, options, "attention on the host")
        return Choice("chip_unit", "kv cache", "keys and values for later tokens")
    if operator.params:
        if chip.memory is not None:
            return Choice("chip_unit", "memory", "table kept in memory")
        return _host(operator, chip, options, "the chip has no memory for a table")
    if chip.tile is not None:
        return Choice("tile_unit", "tile.buffer", "data movement")
    if chip.mac_array is not None:
        return Choice("chip_unit", "buffer", "data movement")
    return _host(operator, chip, options, "the chip has no buffer")


def _unit_or_host(operator: Operator, chip: Chip, options: MappingOptions) -> Choice:
    """The nearest place whose units offer every function of the operator."""
    functions = [function for function, _ in work_of(operator)]
    scopes: tuple[Place, ...] = ("tile_unit", "chip_unit")
    for place in scopes:
        found = [find_unit(chip, function, place) for function in functions]
        if all(found):
            names = dict.fromkeys(unit.name for _, unit in filter(None, found))
            prefix = "tile." if place == "tile_unit" else ""
            return Choice(place, prefix + "+".join(names), f"offers {', '.join(dict.fromkeys(functions))}")
    missing = [f for f in functions if find_unit(chip, f) is None] or functions
    return _host(operator, chip, options, f"no unit of the chip offers {', '.join(dict.fromkeys(missing))}")


def _host(operator: Operator, chip: Chip, options: MappingOptions, why: str) -> Choice:
    if chip.host is None or not options.host:
        hint = "the host is excluded (--no-host)" if chip.host is not None else "the chip has no host"
        raise SimulationError(
            f"operator {operator.name!r} ({operator.op}) cannot run on chip {chip.name!r}: "
            f"{why}, and {hint}; add a unit that offers it to the chip file"
        )
    return Choice("host", "host", why)


def split(network: Network, chip: Chip, options: MappingOptions) -> Network:
    """The network with fused functions and state updates that run elsewhere as operators of their own.

    A fused function stays where a tile unit can apply it on the way out of the crossbars, a chip unit on
    the way out of the MAC arrays, or on the host. The state update of an LSTM, GRU or RNN becomes the
    operator ``NAME.state``.
    """
    operators: list[Operator] = []
    for operator in network.operators:
        if operator.kind == "matrix" and operator.state_work:
            operators.extend(_split_state(operator))
            continue
        kept = _kept(operator, chip, choose(operator, chip, options).place)
        rest = operator.fused[len(kept) :]
        reach = operator.reach if output_grows(operator, network) else None
        operators.extend(_split(operator, kept, rest, reach) if rest else [operator])
    return replace(network, operators=tuple(operators), outputs=_renamed(network, operators), _by_tensor={})


def _split_state(operator: Operator) -> list[Operator]:
    """The matrix of a recurrent operator, and its state update."""
    assert operator.matrix is not None
    gates = replace(
        operator.output,
        name=f"{operator.output.name}.gates",
        elements=operator.matrix.n * operator.matrix.groups,
        shape=(),
    )
    update = Operator(
        name=f"{operator.name}.state",
        op="State",
        kind="vector",
        inputs=(Port(gates.name, Window("same")),),
        output=operator.output,
        function=operator.state_work[0][0],
        state_work=operator.state_work,
    )
    return [replace(operator, output=gates, state_work=()), update]


def _kept(operator: Operator, chip: Chip, place: Place) -> tuple[str, ...]:
    """Leading fused functions that are applied where the operator itself runs."""
    if place == "host":
        return operator.fused
    local = "tile_unit" if place in ("crossbar", "tile_unit") else "chip_unit"
    kept = []
    for function in operator.fused:
        found = find_unit(chip, function)
        if found is None or found[0] != local:
            break
        kept.append(function)
    return tuple(kept)


def _split(
    operator: Operator, kept: tuple[str, ...], rest: tuple[str, ...], reach: Reach | None
) -> list[Operator]:
    """The operator under a new output name, and one vector operator for each remaining function.

    The last of them makes the old output. `reach` is that of the output, if it grows.
    """
    parts = [
        replace(operator, fused=kept, output=replace(operator.output, name=f"{operator.output.name}.raw"))
    ]
    for i, function in enumerate(rest):
        last = i == len(rest) - 1
        times = rest[: i + 1].count(function)  # soft-capped scores are scaled twice
        name = operator.output.name if last else f"{operator.output.name}.{function}{i}"
        parts.append(
            Operator(
                name=f"{operator.name}.{function}" + (f"#{times}" if times > 1 else ""),
                op=function,
                kind="vector",
                inputs=(Port(parts[-1].output.name, Window("same")),),
                output=replace(operator.output, name=name),
                function=function,
                work=operator.output.elements,
                reach=reach,
            )
        )
    return parts


def _renamed(network: Network, operators: list[Operator]) -> tuple[str, ...]:
    """Output operators, after splitting: whoever makes the same tensor now."""
    makers = {o.output.name: o.name for o in operators}
    tensors = {o.name: o.output.name for o in network.operators}
    return tuple(makers[tensors[name]] for name in network.outputs)

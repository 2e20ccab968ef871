"""Which hardware runs an operator: crossbars, MAC arrays, a digital unit, or the host.

Static weights go to crossbars (or MAC arrays); everything else to the nearest unit that offers its
function: a unit of the tile, a unit of the chip, the host behind the chip's link.
"""

from __future__ import annotations

from dataclasses import replace

from ...arch.chip import Chip
from ...arch.digital import Unit
from ...workloads.graph import Network, Operator, Port, Reach, Window
from ..errors import SimulationError
from .assignment import (
    Analog,
    AtInput,
    Cells,
    Choice,
    InCache,
    InMemory,
    OnArray,
    OnChipUnits,
    OnHost,
    OnTileUnits,
)
from .attention import WRITE, attention_place
from .growth import output_grows
from .kv_cache import CACHE_APPEND
from .options import MappingOptions


def tile_unit(chip: Chip, function: str) -> Unit | None:
    """The unit of a tile that offers a function."""
    return next((u for u in (chip.tile.units if chip.tile else ()) if function in u.functions), None)


def chip_unit(chip: Chip, function: str) -> Unit | None:
    """The unit of the chip that offers a function."""
    return next((u for u in chip.units if function in u.functions), None)


def offers(chip: Chip, function: str) -> bool:
    """Whether some unit of a tile or of the chip offers a function."""
    return tile_unit(chip, function) is not None or chip_unit(chip, function) is not None


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
        return AtInput(operator=operator.name, reason="network input")
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
    if where == "mac_array" and chip.mac_array is not None:
        return on_array(operator, chip, why or "product of two activations")
    if where == "analog":
        return _analog(operator, chip, f"{why}: rewritten at run time")
    if where == "host":
        return _host(operator, chip, options, f"attention on the host {why}")
    return _unit_or_host(operator, chip, options)


def _choose_matrix(operator: Operator, chip: Chip, options: MappingOptions) -> Choice:
    digital = operator.name in options.digital or operator.op in options.digital
    if chip.tile is not None and not digital:
        return _analog(operator, chip, "static weights")
    why = "kept digital on request" if digital else "no crossbars on this chip"
    if chip.mac_array is not None:
        return on_array(operator, chip, why)
    return _unit_or_host(operator, chip, options)


def _choose_move(operator: Operator, chip: Chip, options: MappingOptions) -> Choice:
    name = operator.name
    if operator.op == WRITE:
        return Cells(name, "operand of a product, written at run time")
    if operator.op == CACHE_APPEND:
        where = attention_place(chip, options)
        if where == "host" or (where == "nearest" and not offers(chip, "mac")):
            return _host(operator, chip, options, "attention on the host")
        return InCache(operator=name, reason="keys and values for later tokens")
    if operator.params:
        if chip.memory is not None:
            return InMemory(operator=name, reason="table kept in memory", memory=chip.memory)
        return _host(operator, chip, options, "the chip has no memory for a table")
    if chip.tile is not None:
        return OnTileUnits(operator=name, reason="data movement", fused=on_tile(operator, chip))
    if chip.mac_array is not None:
        fused = on_chip(operator, chip)
        return OnChipUnits(operator=name, reason="data movement", fused=fused, array=chip.mac_array)
    return _host(operator, chip, options, "the chip has no buffer")


def _analog(operator: Operator, chip: Chip, reason: str) -> Analog:
    return Analog(operator.name, reason, tile_unit(chip, "add"), on_tile(operator, chip))


def on_array(operator: Operator, chip: Chip, reason: str) -> Choice:
    """On the MAC arrays of the chip, which has some."""
    assert chip.mac_array is not None
    return OnArray(operator=operator.name, reason=reason, array=chip.mac_array, fused=on_chip(operator, chip))


def _unit_or_host(operator: Operator, chip: Chip, options: MappingOptions) -> Choice:
    """The nearest place whose units offer every function of the operator."""
    functions = [function for function, _ in work_of(operator)]
    reason = f"offers {', '.join(dict.fromkeys(functions))}"
    of_tile = tuple(filter(None, (tile_unit(chip, f) for f in functions)))
    if len(of_tile) == len(functions):
        fused = on_tile(operator, chip)
        return OnTileUnits(operator=operator.name, reason=reason, own=of_tile, fused=fused)
    of_chip = tuple(filter(None, (chip_unit(chip, f) for f in functions)))
    if len(of_chip) == len(functions):
        array = chip.mac_array if chip.tile is None else None
        fused = on_chip(operator, chip)
        return OnChipUnits(operator=operator.name, reason=reason, own=of_chip, fused=fused, array=array)
    missing = [f for f in functions if not offers(chip, f)] or functions
    return _host(operator, chip, options, f"no unit of the chip offers {', '.join(dict.fromkeys(missing))}")


def _host(operator: Operator, chip: Chip, options: MappingOptions, why: str) -> Choice:
    if chip.host is None or not options.host:
        hint = "the host is excluded (`host: false`)" if chip.host is not None else "the chip has no host"
        raise SimulationError(
            f"operator {operator.name!r} ({operator.op}) cannot run on chip {chip.name!r}: "
            f"{why}, and {hint}; add a unit that offers it to the chip file"
        )
    return OnHost(operator=operator.name, reason=why, host=chip.host)


def on_tile(operator: Operator, chip: Chip) -> tuple[Unit, ...]:
    """Units of a tile for the leading fused functions that are offered there."""
    return _leading([tile_unit(chip, f) for f in operator.fused])


def on_chip(operator: Operator, chip: Chip) -> tuple[Unit, ...]:
    """Units of the chip for the leading fused functions that are offered there and not nearer."""
    return _leading([chip_unit(chip, f) if tile_unit(chip, f) is None else None for f in operator.fused])


def _leading(units: list[Unit | None]) -> tuple[Unit, ...]:
    found: list[Unit] = []
    for unit in units:
        if unit is None:
            break
        found.append(unit)
    return tuple(found)


def split(network: Network, chip: Chip, options: MappingOptions) -> Network:
    """The network with fused functions and state updates that run elsewhere as operators of their own.

    A fused function stays where a tile unit can apply it on the way out of the crossbars, a chip unit on
    the way out of the MAC arrays, or on the host. The state update of an LSTM, GRU or RNN becomes the
    operator ``NAME.state``.
    """
    operators: list[Operator] = []
    for whole in network.operators:
        recurrent = whole.kind == "matrix" and whole.state_work
        for operator in _split_state(whole) if recurrent else [whole]:
            kept = _kept(operator, choose(operator, chip, options))
            rest = operator.fused[len(kept) :]
            reach = operator.reach if not recurrent and output_grows(operator, network) else None
            operators.extend(_split(operator, kept, rest, reach) if rest else [operator])
    return replace(network, operators=tuple(operators), outputs=_renamed(network, operators), _by_tensor={})


def _split_state(operator: Operator) -> list[Operator]:
    """The matrix of a recurrent operator, and its state update, to whose output fused functions belong."""
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
        fused=operator.fused,
        function=operator.state_work[0][0],
        state_work=operator.state_work,
    )
    return [replace(operator, output=gates, state_work=(), fused=()), update]


def _kept(operator: Operator, choice: Choice) -> tuple[str, ...]:
    """Leading fused functions that are applied where the operator itself runs."""
    match choice:
        case OnHost() | AtInput():
            return operator.fused
        case Analog() | OnArray() | OnTileUnits() | OnChipUnits():
            return operator.fused[: len(choice.fused)]
        case Cells() | InMemory() | InCache():
            return ()


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

"""Networks as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from .. import workloads
from ..sim.report.numbers import si
from ..workloads import Network, Operator


def network_list(progress: Callable[[str, float], None] | None = None) -> Table:
    """The zoo with parameters, multiply-accumulates and operators."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("left", "right", "right", "right", "right"):
        table.add_column(justify=justify, no_wrap=True)
    table.add_column()
    table.add_row("network", "parameters", "MACs", "product MACs", "operators", "of these", style="dim")
    names = workloads.names()
    for i, name in enumerate(names):
        if progress is not None:
            progress(name, i / len(names))
        network = workloads.load(name)
        counts = Counter(o.op for o in network.operators if o.kind != "input")
        table.add_row(
            Text(name, "bold"),
            si(network.params),
            si(network.macs),
            si(network.product_macs) if network.product_macs else "-",
            str(sum(counts.values())),
            _common(counts),
        )
    return table


def layer_list(network: Network) -> RenderableType:
    """Every operator with its type, output, parameters and multiply-accumulates."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    for _ in range(4):
        table.add_column(justify="right", no_wrap=True)
    table.add_row("operator", "type", "fused", "output", "matrix", "params", "MACs", style="dim")
    for operator in network.operators:
        table.add_row(*_row(operator))
    products = f" and {si(network.product_macs, 'MAC')} of two activations" if network.product_macs else ""
    total = f"{si(network.params)} parameters, {si(network.macs, 'MAC')}{products}"
    notes = [Text(f"note: {note}", "yellow") for note in network.notes]
    return Group(Text.assemble((network.name, "bold"), f"   {total}"), Text(), table, *notes)


def _row(operator: Operator) -> tuple[str, ...]:
    matrix = ""
    if operator.matrix is not None:
        m = operator.matrix
        matrix = f"{m.k} x {m.n}" + (f" x {m.groups}" if m.groups > 1 else "")
    elif operator.product is not None:
        p = operator.product
        matrix = f"{p.heads} x ({p.k} x {p.n})"
    macs = operator.macs + operator.product_macs
    return (
        operator.name,
        operator.op,
        "+".join(operator.fused),
        "x".join(map(str, operator.output.shape)) or "scalar",
        matrix,
        si(operator.params) if operator.params else "-",
        si(macs) if macs else "-",
    )


def _common(counts: Counter[str], n: int = 4) -> str:
    """The most frequent types in words."""
    largest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    text = ", ".join(f"{count} {op}" for op, count in largest[:n])
    return text + (", ..." if len(largest) > n else "")

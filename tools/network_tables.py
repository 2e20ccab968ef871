"""Networks as tables."""

from __future__ import annotations

from collections import Counter

from rich.console import Group, RenderableType
from rich.text import Text

from .. import workloads
from ..sim.progress import Progress
from ..sim.report.numbers import si
from ..sim.report.page import Column, Page, numbers
from ..workloads import Network, Operator


def network_list(page: Page, progress: Progress | None = None) -> RenderableType:
    """The zoo with parameters, multiply-accumulates and operators."""
    rows, names = [], workloads.names()
    for i, name in enumerate(names):
        if progress is not None:
            progress(name, i / len(names))
        network = workloads.load(name)
        counts = Counter(o.op for o in network.operators if o.kind != "input")
        products = si(network.product_macs) if network.product_macs else "-"
        sizes = (si(network.params), si(network.macs), products, str(sum(counts.values())))
        rows.append((name, *sizes, _common(counts)))
    columns = (
        Column("network", style="bold"),
        *numbers("parameters", "MACs", "product MACs", "operators"),
        Column("of these", flexible=True, wrapped=True),
    )
    return page.table(columns, rows)


def layer_list(network: Network, page: Page) -> RenderableType:
    """Every operator with its type, output, parameters and multiply-accumulates."""
    columns = (
        Column("operator", flexible=True, wrapped=True),
        Column("type"),
        Column("fused"),
        *numbers("output", "matrix", "params", "MACs"),
    )
    table = page.table(columns, [_row(operator) for operator in network.operators])
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

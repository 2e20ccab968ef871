"""Links as the lowering sees them: how long bytes keep them busy, when heads go on, what it costs."""

from __future__ import annotations

from collections.abc import Mapping

from ...arch.chip import Chip
from ...arch.links import Chips
from ..interconnect import chips_joined
from ..mapping.timing import FS_PER_S, bytes_fs, ceil_div
from ..noc.link import Link, LinkKind
from ..program import Arbitration
from .context import Context

ARBITRATION = {
    "fcfs": Arbitration.FCFS,
    "round_robin": Arbitration.ROUND_ROBIN,
    "age": Arbitration.AGE,
}
FIGURES = ("bandwidth_bytes_per_s", "latency_fs", "energy_per_byte_j")
"""What a link between chips may have of its own."""


def on_chip(link: Link) -> bool:
    """Whether it is one of the network of a chip, rather than between chips or to the host."""
    return link.kind not in (LinkKind.CHIP, LinkKind.HOST)


def link_class(link: Link) -> str:
    """Class of its resource."""
    return {LinkKind.CHIP: "chip link", LinkKind.HOST: "host link"}.get(link.kind, "link")


def link_resource(context: Context, link: Link) -> int:
    """Its resource; links on the chip are served in the order that the chip says."""
    noc = context.chip.noc
    how = Arbitration.FCFS
    if noc is not None and on_chip(link):
        how = ARBITRATION[noc.arbitration or "fcfs"]
    return context.resource(f"link {link.name}", link_class(link), arbitration=how)


def serial_fs(context: Context, link: Link, amount: int) -> int:
    """Time a link is busy with so many flits (on the chip) or bytes (beyond)."""
    chip = context.chip
    if link.kind == LinkKind.HOST:
        assert chip.host is not None
        return bytes_fs(amount, chip.host.bandwidth_bytes_per_s)
    if link.kind == LinkKind.CHIP:
        return bytes_fs(amount, _of_chips(context, link).bandwidth_bytes_per_s)
    assert chip.noc is not None
    return amount * chip.noc.cycle_fs


def amount_on(context: Context, link: Link, n_bytes: int) -> int:
    """What a flow brings to a link: flits, the last of which may not be full, or bytes."""
    noc = context.chip.noc
    if noc is None or not on_chip(link):
        return n_bytes
    return ceil_div(8 * n_bytes, noc.flit_bits)


def head_fs(context: Context, link: Link) -> int:
    """Time from a head's arrival at a link to its arrival at the next."""
    chip = context.chip
    if link.kind == LinkKind.HOST:
        assert chip.host is not None
        return max(1, chip.host.latency_fs)
    if link.kind == LinkKind.CHIP:
        return max(1, _of_chips(context, link).latency_fs)
    assert chip.noc is not None
    routed = 0 if link.kind == LinkKind.INJECT else chip.noc.router_cycles
    return max(1, (routed + chip.noc.link_cycles) * chip.noc.cycle_fs)


def _of_chips(context: Context, link: Link) -> Chips:
    """Figures of a link between chips: its own where the list of links gives them, else those of all."""
    chips = context.chip.chips
    assert chips is not None
    own = context.own_links.get(chips_joined(context.topology, link)) if context.own_links else None
    if own is None:
        return chips
    return chips.model_copy(
        update={name: value for name in FIGURES if (value := getattr(own, name)) is not None}
    )


def hop_j(chip: Chip) -> float | None:
    """Energy of a flit through a router: as stated, else that of one port and cycle of the router's power."""
    noc = chip.noc
    if noc is None or noc.energy_per_flit_hop_j is not None or noc.router is None:
        return noc.energy_per_flit_hop_j if noc else None
    power_w = noc.router.power_w
    return None if power_w is None else power_w * noc.cycle_fs / FS_PER_S / (4 + noc.concentration)


def spend(context: Context, actor: int, links: Mapping[int, Link], load: Mapping[int, int]) -> None:
    """Flit-hops on the network, bytes on other links: `load` has flits of links on the chip, else bytes.

    A hop is a router and the link behind it, so the injecting link is none. The interface of a chip works for
    as long as its links are busy.
    """
    chip = context.chip
    hops = sum(
        load[i]
        for i, link in links.items()
        if chip.noc is not None and link.kind in (LinkKind.WIRE, LinkKind.EJECT)
    )
    if hops and chip.noc is not None:
        context.spend(actor, "noc", "flit hop", hops, hop_j(chip))
    over_chips: dict[float | None, int] = {}
    busy_fs: dict[float | None, int] = {}
    for i, link in links.items():
        if link.kind == LinkKind.CHIP:
            energy_j = _of_chips(context, link).energy_per_byte_j
            over_chips[energy_j] = over_chips.get(energy_j, 0) + load[i]
            busy_fs[energy_j] = busy_fs.get(energy_j, 0) + serial_fs(context, link, load[i])
    for energy_j, n_bytes in over_chips.items():
        assert chip.chips is not None
        context.spend(actor, "chip links", "byte", n_bytes, energy_j, chip.chips.power_w, busy_fs[energy_j])
    to_host = sum(load[i] for i, link in links.items() if link.kind == LinkKind.HOST)
    if to_host and chip.host is not None:
        context.spend(actor, "host link", "byte", to_host, chip.host.energy_per_byte_j)

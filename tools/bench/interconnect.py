"""The same networks on the same chips with an ideal interconnect, packet by packet, and flit by flit.

Run as ``python -m ohmsum.tools.bench.interconnect [--no-flit] [--json FILE] [NETWORK:CHIP[:CHIPS] ...]``.
For each it prints the latency, the share of the critical path that is in the network (links on the chip,
between chips and to the host), the busiest link with its load, and how long this computer took. "unicast"
sends a stream once to each tile that wants it, "packet" once along a tree; routers at flit detail cannot copy
packets on a chip, so that "flit" compares with "unicast" there.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ...arch import load as load_chip
from ...sim.answers.run import Run
from ...sim.mapping.options import MappingOptions
from ...sim.simulate import simulate
from ...workloads import load as load_network

CASES = ("resnet50:isaac", "bert-base:isaac:3", "resnet50:hermes-64:7", "bert-base:hermes-64:21")
"""The networks of the literature, on as many chips as they need."""
WAYS = {
    "ideal": ("ideal", True),
    "packet": ("packet", True),
    "unicast": ("packet", False),
    "flit": ("flit", True),
}
"""Detail of the network, and whether streams are multicast."""


@dataclass(frozen=True)
class Row:
    """One run. `network_share` is of the critical path; `flit_hops` of one inference."""

    network: str
    chip: str
    n_chips: int
    way: str
    latency_s: float
    network_share: float
    busiest_link: str
    busiest_load: float
    flit_hops: int
    wall_s: float


def rows(case: str, ways: tuple[str, ...]) -> Iterator[Row]:
    """One network on one chip, in several ways."""
    name, chip_name, *n_chips = case.split(":")
    network = load_network(name)
    chip = load_chip(chip_name, n_chips=int(n_chips[0]) if n_chips else None)
    for way in ways:
        detail, multicast = WAYS[way]
        begin = time.perf_counter()
        run = simulate(network, chip, noc=detail, mapping=MappingOptions(multicast=multicast))
        yield _row(run, way, time.perf_counter() - begin)


def _row(run: Run, way: str, wall_s: float) -> Row:
    use = run.interconnect
    return Row(
        network=run.network.name,
        chip=run.chip.name,
        n_chips=run.mapping.n_chips,
        way=way,
        latency_s=run.latency_s,
        network_share=run.network_s / run.latency_s,
        busiest_link=use.links[0].name if use.links else "-",
        busiest_load=use.links[0].load if use.links else 0.0,
        flit_hops=use.flit_hops,
        wall_s=wall_s,
    )


def main() -> None:
    """Print the table row by row, and write it as JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=CASES, help="NETWORK:CHIP[:CHIPS]")
    parser.add_argument("--no-flit", action="store_true", help="leave out the slow one")
    parser.add_argument("--json", type=Path, help="also write the rows there")
    options = parser.parse_args()
    ways = tuple(way for way in WAYS if way != "flit" or not options.no_flit)
    found: list[Row] = []
    print(
        f"{'network':<10} {'chip':<14} {'way':<8} {'latency':>11}  {'network':>7}  {'flit hops':>10}"
        f"  {'wall':>8}  busiest link"
    )
    for case in options.cases:
        for row in rows(case, ways):
            found.append(row)
            chip = f"{row.n_chips} x {row.chip}"
            print(
                f"{row.network:<10} {chip:<14} {row.way:<8} {row.latency_s * 1e3:8.4f} ms  "
                f"{row.network_share:7.1%}  {row.flit_hops / 1e6:8.2f} M  {row.wall_s:6.1f} s  "
                f"{row.busiest_load:4.0%} {row.busiest_link}",
                flush=True,
            )
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in found], indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

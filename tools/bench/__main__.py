"""``python -m ohmsum.tools.bench``: how fast networks are mapped, lowered and run, as ratios and counts.

Times depend on the machine and its load; counts, ratios and exponents hardly do. Every network has a process
of its own. ``--json`` writes all of it, ``--compare`` sets it beside an earlier file.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from . import networks, rates, scalesim, synthetic
from .measure import in_own_process, slope
from .text import comparison, tables

SCHEMA = "ohmsum-bench/1"


def main(arguments: list[str] | None = None) -> int:
    """Measure what was asked for and print it."""
    options = _parser().parse_args(arguments)
    names = _names(options.networks)
    old = None if options.compare is None else _earlier(options.compare)
    result = bench(names, options.rated, options.long, options.scalesim)
    print("\n".join(tables(result)))
    if old is not None:
        print("\n" + "\n".join(comparison(old, result)))
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


def bench(names: list[str], rated: list[str], long: bool, python: str) -> dict[str, Any]:
    """Everything, as one JSON object."""
    rows = []
    for name in names:
        print(f"{name} ...", file=sys.stderr)
        rows.append(in_own_process(networks.costs_of, name))
    print("engines ...", file=sys.stderr)
    speeds = [in_own_process(rates.rates_of, name) for name in rated]
    sizes = synthetic.scaling(long)
    theirs = scalesim.compare(python) if scalesim.installed(python) else None
    size_costs = [row.run.cpu_s for row in sizes]
    return {
        "schema": SCHEMA,
        "version": version("ohmsum"),
        "chip": networks.CHIP,
        "networks": [asdict(r) | {"wall_s": r.wall_s, "cpu_s": r.cpu_s, "peak_mb": r.peak_mb} for r in rows],
        "network_slope": slope([r.visits for r in rows], [r.cpu_s for r in rows]),
        "rates": [asdict(r) | {"ratio": r.ratio} for r in speeds],
        "synthetic": [asdict(row) for row in sizes],
        "synthetic_slope": slope([row.visits for row in sizes], size_costs),
        "scalesim": None if theirs is None else asdict(theirs) | {"speedup": theirs.speedup},
    }


def _parser() -> argparse.ArgumentParser:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        prog="python -m ohmsum.tools.bench", description=__doc__.partition("\n\n")[2]
    )
    parser.add_argument("networks", nargs="*", help="names of the zoo (default: all)")
    parser.add_argument(
        "--rated", nargs="*", default=["resnet50"], metavar="NETWORK", help="networks for the engines' speed"
    )
    parser.add_argument(
        "--long", action="store_true", help="pipelines of up to a billion visits (minutes) instead of 10^7"
    )
    parser.add_argument(
        "--scalesim",
        default=sys.executable,
        metavar="PYTHON",
        help="interpreter that has scalesim (default: this one; left out where it is not installed)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument("--compare", type=Path, metavar="OLD", help="an earlier --json file to compare with")
    return parser


def _names(asked: list[str]) -> list[str]:
    from ...workloads.load import names

    known = names()
    for name in asked:
        if name not in known:
            sys.exit(f"network: found {name!r}, expected one of {', '.join(known)}")
    return asked or list(known)


def _earlier(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        sys.exit(f"--compare {path}: cannot be read ({error})")
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        sys.exit(f"--compare {path}: expected a file of this bench ({SCHEMA})")
    return found


if __name__ == "__main__":
    sys.exit(main())

"""`python -m ohmsum.tools.bench [--json FILE] [NETWORK ...]`: speed of the engines, as ratios and counts."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import engines


def main() -> None:
    """Print the table, and write it as JSON if asked to."""
    from ...workloads.load import names

    parser = argparse.ArgumentParser(prog="python -m ohmsum.tools.bench", description=__doc__)
    parser.add_argument("networks", nargs="*", help="names of the zoo (default: all)")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    arguments = parser.parse_args()
    result = engines.bench(arguments.networks or list(names()))
    for name, rates in result["rates"].items():
        print(f"\n{name} on {result['chip']}: {rates['visits']:,} visits per inference")
        print(f"  compiled engine   {rates['compiled_per_s'] / 1e6:8.2f} M visits/s")
        print(f"  reference engine  {rates['reference_per_s'] / 1e6:8.3f} M visits/s; ratio {rates['ratio']:.0f}")
        print(f"  time ~ visits ^   {rates['growth']:8.2f} (batches of 4 to 256, no fast-forward)")
        print(f"  fast-forward      {rates['forward_gain']:8.1f} x on a batch of 1000; batch 1000 / batch 8: {rates['thousand_over_eight']:.2f}")
    if arguments.json:
        arguments.json.write_text(engines.dumps(result))


if __name__ == "__main__":
    main()

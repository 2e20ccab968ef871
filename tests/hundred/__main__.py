"""`python -m tests.hundred OUT.jsonl [--only TEXT]`: try every network and write a line for each file.

Needs torchvision, timm and transformers beside the extras of the tests. What is there already is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Collection
from pathlib import Path

from .catalogue import Case, cases
from .run import CHIPS, KINDS, attempt, compared, files, on_chip


def main() -> None:
    """Every network that is not in the file yet."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--every", type=int, default=1, help="Each N-th ...")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="Files to make.")
    parser.add_argument("--no-chips", action="store_true", help="Load and count, no more.")
    parser.add_argument("--first", type=int, default=0, help="... from this one.")
    asked = parser.parse_args()
    text = asked.out.read_text("utf-8") if asked.out.exists() else ""
    done = {json.loads(line)["network"] for line in text.splitlines()}
    for case in [*cases()][asked.first :: asked.every]:
        if asked.only in case.name and case.name not in done:
            with asked.out.open("a", encoding="utf-8") as out:
                out.write(json.dumps(row(case, asked.kinds, not asked.no_chips)) + "\n")


def row(case: Case, kinds: Collection[str], run: bool) -> dict[str, object]:
    """What became of each file of a network, and of the network on each chip."""
    before, told, chips = os.times(), dict[str, str](), dict[str, str]()
    with tempfile.TemporaryDirectory() as folder:

        def do() -> str:
            for kind, made, feeds in files(case, Path(folder), kinds):
                if isinstance(made, str):
                    told[kind] = f"not made: {made}"
                    continue
                told[kind], network = compared(made, feeds)
                if network is None or not run:
                    continue
                if kind == "qdq":
                    chips["isaac, qdq"] = on_chip(network, "isaac")
                elif not chips:
                    chips.update({chip: on_chip(network, chip) for chip in CHIPS})
            return ""

        if failed := attempt(do):
            told["all"] = f"not made: {failed}"
    after = os.times()
    return {"network": case.name, "files": told, "chips": chips, "cpu_s": round(after[0] - before[0], 1)}


main()

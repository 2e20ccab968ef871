"""`python -m tests.hundred.table OUT.jsonl ...`: rows as Markdown, later ones over earlier."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .run import CHIPS, KINDS


def main(paths: list[str]) -> None:
    """Write the table."""
    rows: dict[str, dict[str, Any]] = {}
    for path in paths:
        for line in Path(path).read_text("utf-8").splitlines():
            row = json.loads(line)
            known = rows.setdefault(row["network"], {"files": {}, "chips": {}})
            known["files"] |= row["files"]
            known["chips"] |= row["chips"]
    print(f"| network | {' | '.join(KINDS)} | chips |")
    print("|---|" + "---|" * (len(KINDS) + 1))
    notes: list[str] = []
    for name, row in rows.items():
        cells = [_cell(row["files"].get(kind, "-"), notes) for kind in KINDS]
        held = [c for c in (*CHIPS, "isaac, qdq") if row["chips"].get(c, "").startswith("holds")]
        print(f"| {name} | {' | '.join(cells)} | {len(held)} of {len(row['chips'])} |")
    print()
    for i, note in enumerate(notes, 1):
        print(f"{i}. {note}")


def _cell(told: str, notes: list[str]) -> str:
    """A word, or the number of a note."""
    if told.startswith("equal") or told == "-":
        return told
    short = told.split(" Load model")[0].split(" Next steps")[0][:150].replace("|", "/")
    if "InvalidGraph" in told:
        short = (
            "not made: ONNX Runtime says that what its quantiser wrote is no valid model (type of a bias)"
        )
    if short not in notes:
        notes.append(short)
    return f"({notes.index(short) + 1})"


main(sys.argv[1:])

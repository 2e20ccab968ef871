"""``python -m ohmsum.tools.accuracy.networks --out FOLDER [--cache FOLDER] [--only NAME ...]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ...errors import is_users
from ...output_file import OutputFile, output_folder
from .catalogue import CASES
from .page import page
from .rows import Figure, bit_rows, condition_rows, figures
from .store import Store

PAGE = "networks.md"


def main(arguments: list[str] | None = None) -> int:
    """Fetch networks and data, compute what is not in the folder yet, write and print the table.

    Returns
    -------
    int
        0, or 2 if a network could not be fetched or run; the others are in the table all the same.
    """
    keys = [case.key for case in CASES]
    parser = argparse.ArgumentParser(
        prog="python -m ohmsum.tools.accuracy.networks",
        description="Accuracy of real networks on a noisy chip: a table, written to FOLDER/networks.md.",
        epilog="Needs pip, apt-get and dpkg-deb to fetch packages (300 MB, once), and for some networks "
        "torch, onnxscript, transformers, scipy and pillow. An interrupted table goes on where it was; "
        "remove FOLDER/rows to compute anew with another version.",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="table and finished rows")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="packages (default: OUT/packages)")
    parser.add_argument("--only", nargs="+", choices=keys, metavar="NAME", help=f"of {', '.join(keys)}")
    given = parser.parse_args(arguments)
    store = Store((given.cache or given.out / "packages").resolve())
    failed = False
    try:
        with output_folder("--out", given.out):
            failed = _compute(given.out, store, given.only or keys)
    except Exception as error:
        if not is_users(error):
            raise
        print(f"error: {error}", file=sys.stderr)
        return 2
    print((given.out / PAGE).read_text(encoding="utf-8"), end="")
    return 2 if failed else 0


def _compute(out: Path, store: Store, wanted: list[str]) -> bool:
    """All rows; the page is written anew after every one. Returns whether a network failed."""
    (out / "rows").mkdir(exist_ok=True)
    failed: set[str] = set()
    found: dict[str, dict[str, Figure]] = {key: {} for key in wanted}
    for rows_of in (condition_rows, bit_rows):
        for case in (case for case in CASES if case.key in wanted and case.key not in failed):
            try:
                for row, figure in figures(case, rows_of(case), case.prepare(store), out / "rows", _tell):
                    found[case.key][row.key] = figure
                    _write(out, found)
            except Exception as error:
                if not is_users(error):
                    raise
                failed.add(case.key)
                print(f"error: {case.title}: {error}", file=sys.stderr)
    _write(out, found)
    return bool(failed)


def _write(out: Path, found: dict[str, dict[str, Figure]]) -> None:
    text = page([(case, found[case.key]) for case in CASES if found.get(case.key)])
    with OutputFile("--out", out / PAGE) as file:
        file.write(text)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

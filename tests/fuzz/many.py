"""As many damaged inputs as one has hours for: `python -m tests.fuzz.many KIND ... --n 100000 --from 0`.

Trials run in a forked process, which is replaced when one of them ends it: by a signal, by never
ending, or by more than 4 GiB. Faults are told once each, with the seeds that show them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .archives import an_archive
from .kinds import Kind, a_chip, a_command, a_setting, a_suite, a_sweep
from .networks import an_onnx_file, an_onnx_graph
from .nodes import an_onnx_node
from .stores import a_store
from .trial import MOST_KIB, most_kib, tried

_ALL: list[Kind] = [
    a_chip,
    a_setting,
    an_onnx_file,
    an_onnx_graph,
    an_onnx_node,
    an_archive,
    a_suite,
    a_sweep,
    a_command,
    a_store,
]
KINDS = {kind.__name__: kind for kind in _ALL}
MOST_ADDRESSES = 24 << 30
HANGS_S = 120.0
"""Processor time after which a trial is ended; it may compile."""
A_REPORT_S = 60.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="+", choices=KINDS)
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--from", type=int, default=0, dest="first")
    given = parser.parse_args()
    os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="fuzz-cache-")
    faulty = [_all(KINDS[name], given.first, given.n) for name in given.kinds]
    return int(any(faulty))


def _all(kind: Kind, first: int, n: int) -> bool:
    """Run all seeds of a kind and print counts; whether there was a fault."""
    counts: Counter[str] = Counter()
    faults: dict[str, list[int]] = {}
    start = told = time.monotonic()
    for seed, code, where, fault in _outcomes(kind, first, n):
        counts[code] += 1
        if where:
            if where not in faults:
                print(f"FAULT {kind.__name__} {seed}: {where}\n{fault}", flush=True)
            faults.setdefault(where, []).append(seed)
        if time.monotonic() - told > A_REPORT_S:
            told = time.monotonic()
            _report(kind, counts, faults, told - start)
    _report(kind, counts, faults, time.monotonic() - start)
    return bool(faults)


def _report(kind: Kind, counts: Counter[str], faults: dict[str, list[int]], wall_s: float) -> None:
    shown = {where: (len(seeds), seeds[:3]) for where, seeds in faults.items()}
    codes = dict(sorted(counts.items()))
    print(f"{kind.__name__}: {counts.total()} in {wall_s:.0f} s {codes} faults {shown}", flush=True)


def _outcomes(kind: Kind, first: int, n: int) -> Iterator[tuple[int, str, str, str]]:
    """(seed, exit code, kind of fault, fault) of every seed."""
    seed = first
    while seed < first + n:
        reader, writer = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(reader)
            _child(kind, seed, first + n, writer)
        os.close(writer)
        with os.fdopen(reader) as lines:
            for line in lines:
                seed, code, where, fault = json.loads(line)
                yield seed, str(code), where, fault
                seed += 1
        _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status):
            name = signal.Signals(os.WTERMSIG(status)).name
            yield seed, name, f"ended by {name}", f"seed {seed} ended the process: {name}"
            seed += 1
        elif os.WEXITSTATUS(status):
            raise SystemExit(f"{kind.__name__} {seed}: the fuzzer itself failed")


def _child(kind: Kind, first: int, end: int, writer: int) -> None:
    """Trials until one of them needs a new process; never returns."""
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
        with os.fdopen(writer, "w") as lines, tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            os.chdir(folder)
            for seed in range(first, end):
                signal.setitimer(signal.ITIMER_PROF, HANGS_S)  # without a handler: it ends the process
                found = tried(kind, seed, folder)
                lines.write(json.dumps([seed, found.code, found.where, found.fault[-6000:]]) + "\n")
                lines.flush()
                if most_kib() > MOST_KIB:
                    break
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m ohmsum.tools.bench.sweep`: a sweep of 500 points, killed again and again, and on a Dask cluster.

LeNet-5 and ResNet-18 over converters (bits and rate), converters per tile, array size and link width. Three
times: undisturbed, killed with SIGKILL at random moments and resumed, and on a local Dask cluster of two
workers; the rows must be the same bytes each time.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

SPACE = """\
fixed:
  chip: isaac
  n_chips: 2
  tile.adc.energy: {model: adc-regression}
  tile.adc.area: {model: adc-regression}
vary:
  network: [lenet5, resnet18]
  array:
    128 x 128: {tile.crossbar.rows: 128, tile.crossbar.cols: 128}
    256 x 256: {tile.crossbar.rows: 256, tile.crossbar.cols: 256}
  tile.adc.count: [12, 24, 32, 48, 96]
  converter:
    6 bits: {tile.adc.bits: 6, tile.adc.rate: 1.28 GHz}
    7 bits: {tile.adc.bits: 7, tile.adc.rate: 1.28 GHz}
    8 bits: {tile.adc.bits: 8, tile.adc.rate: 1.28 GHz}
    8 bits, slow: {tile.adc.bits: 8, tile.adc.rate: 0.64 GHz}
    10 bits, slow: {tile.adc.bits: 10, tile.adc.rate: 0.64 GHz}
  noc.flit: [16 bit, 32 bit, 64 bit, 128 bit, 256 bit]
objectives: {latency_s: minimize, energy_j: minimize, area_mm2: minimize}
"""
N_POINTS = 2 * 2 * 5 * 5 * 5


def command(space: Path, store: Path, *more: str) -> list[str]:
    """The sweep as a command."""
    return [sys.executable, "-m", "ohmsum", "sweep", str(space), "--store", str(store), *more]


def n_stored(store: Path) -> int:
    """Points in a store so far."""
    if not store.exists():
        return 0
    with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        return int(connection.execute("SELECT count(*) FROM points").fetchone()[0]) if tables else 0


def complete(arguments: list[str]) -> tuple[float, str]:
    """Run to the end: seconds, and what was printed."""
    start = time.perf_counter()
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    return time.perf_counter() - start, done.stdout


def killed(space: Path, store: Path, n_kills: int, seed: int) -> list[int]:
    """Kill the sweep that often while points come in, each time after a random share of those that are left.

    Returns the points in the store after every kill.
    """
    generator = random.Random(seed)
    counts = []
    for kills_left in range(n_kills, 0, -1):
        before = n_stored(store)
        goal = before + generator.randint(1, max(1, (N_POINTS - before) // (kills_left + 1)))
        sweep = subprocess.Popen(command(space, store, "--jobs", "2"), stdout=subprocess.DEVNULL)
        while n_stored(store) < goal and sweep.poll() is None:
            time.sleep(generator.uniform(0.01, 0.2))
        sweep.send_signal(signal.SIGKILL)
        if sweep.wait() != -signal.SIGKILL:
            raise SystemExit("the sweep ended before it could be killed")
        counts.append(n_stored(store))
    return counts


def main() -> None:
    """Run all three and compare."""
    parser = argparse.ArgumentParser(prog="python -m ohmsum.tools.bench.sweep", description=__doc__)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills")
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    distributed: Any = import_module("distributed")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        space = folder / "space.yaml"
        space.write_text(SPACE, encoding="utf-8")
        tables = {key: folder / f"{key}.csv" for key in ("whole", "killed", "dask")}

        def rest(key: str, *more: str) -> tuple[float, str]:
            return complete(command(space, folder / f"{key}.sqlite", "--csv", str(tables[key]), *more))

        seconds, page = rest("whole", "--jobs", "2")
        print(page)
        print(f"undisturbed: {seconds:.0f} s, start of the processes included", flush=True)
        counts = killed(space, folder / "killed.sqlite", arguments.kills, arguments.seed)
        _, page = rest("killed", "--jobs", "2")
        print(f"killed with {counts} points in the store; then: {page.splitlines()[0]}", flush=True)
        with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
            _, page = rest("dask", "--dask", str(cluster.scheduler_address))
        print(f"Dask: {page.splitlines()[0]}")
        contents = {table.read_bytes() for table in tables.values()}
        n_rows = [n_stored(folder / f"{key}.sqlite") for key in tables]
        print(f"points in the stores: {n_rows}; rows byte-identical: {len(contents) == 1}")
        if len(contents) != 1 or n_rows != [N_POINTS] * 3:
            raise SystemExit(1)


if __name__ == "__main__":
    main()

"""SIGKILL at random moments: `python -m tests.fuzz.kills [N]` kills sweep, profile and check N times each.

After each, no process of the command is left after two seconds (of a machine that is not busy: longer by as
many times as there are processes to run for each processor), and every file that it writes is as before, or
whole. The sweep goes on in the same store: in the end every point is there once, with the rows of one that
nobody killed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

from ohmsum.tools.workers import n_processors

from ..kit.sweeps import stored, write

PATIENCE_S = 2.0
LATEST_S = 12.0
"""Kills come up to here: each command is at work by then, and none has ended."""
SPEC = """\
fixed: {chip: isaac}
vary:
  network: [mlp, lenet5]
  tile.adc.bits: [6, 7, 8]
  noc.flit: [32 bit, 64 bit, 128 bit]
  tile.adc.energy: [1 pJ, 2 pJ, 3 pJ, 4 pJ]
"""
SUITE = """\
metrics: {latency_s: 1 %}
cases:
  - {name: a, network: mlp, chip: isaac}
  - {name: b, network: lenet5, chip: isaac}
  - {name: c, network: lenet5, chip: isaac, batch: 4}
  - {name: d, network: lenet5, chip: hermes-64, batch: 8}
"""


def main(n: int) -> int:
    draw = random.Random(time.time_ns())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spec, suite = write(folder, SPEC), write(folder, SUITE, "suite.yaml")
        commands = {
            "sweep": ["sweep", str(spec), "--jobs", "2", "--csv", str(folder / "rows.csv")],
            "profile": [
                "profile",
                "lenet5",
                "--chip",
                "isaac",
                "--jobs",
                "2",
                "--json",
                str(folder / "p.json"),
            ],
            "check": ["check", str(suite), "--jobs", "2", "--junit", str(folder / "c.xml")],
        }
        finished([*commands["check"][:2], "--update"])
        golden = {path: path.read_bytes() for path in folder.iterdir() if "golden" in path.name}
        for command, arguments in commands.items():
            ends = [killed(arguments, draw.uniform(0.1, LATEST_S)) for _ in range(n)]
            print(f"{command}: {n} times killed, the last process ended {max(ends):.2f} s later", flush=True)
            for path in (*folder.glob("*.json"), *folder.glob("*.xml")):
                json.loads(path.read_bytes()) if path.suffix == ".json" else ElementTree.parse(path)
        assert {path: path.read_bytes() for path in golden} == golden, "golden files are as they were"
        _compare(folder, spec, commands["sweep"])
    return 0


def _compare(folder: Path, spec: Path, sweep: list[str]) -> None:
    """Hold the killed sweep, finished now, against one that was not killed."""
    kept = len(stored(folder / "space.sqlite"))
    finished(sweep)
    rows, keys = (folder / "rows.csv").read_bytes(), [row[0] for row in stored(folder / "space.sqlite")]
    whole = folder / "whole"
    whole.mkdir()
    finished(["sweep", str(write(whole, SPEC)), "--jobs", "2", "--csv", str(whole / "rows.csv")])
    assert len(set(keys)) == len(keys) == len(stored(whole / "space.sqlite")), "every point is there once"
    assert rows == (whole / "rows.csv").read_bytes(), "with the rows of a sweep that nobody killed"
    print(
        f"sweep: {kept} points were there after the last kill, {len(keys)} in the end, none twice, same rows"
    )


def killed(arguments: list[str], after_s: float) -> float:
    """Kill a command after a time; how many seconds later the last of its processes ended."""
    process = begun(arguments)
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    start = time.monotonic()
    process.wait()
    while left := of_session(process.pid):
        patience_s = PATIENCE_S * max(1.0, os.getloadavg()[0] / n_processors())
        assert time.monotonic() - start < patience_s, f"left: {left}"
        time.sleep(0.02)
    return time.monotonic() - start


def of_session(leader: int) -> list[int]:
    """Processes of the session of a leader that is gone, zombies left out."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdigit() else []
        except OSError:
            continue
        if fields and int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(entry.name))
    return found


def begun(arguments: list[str]) -> subprocess.Popen[bytes]:
    """A command in a session of its own."""
    command = [sys.executable, "-m", "ohmsum.tools.cli", *arguments]
    null = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=null, stderr=null, start_new_session=True)


def finished(arguments: list[str]) -> None:
    """Run a command to its end."""
    process = begun(arguments)
    assert process.wait() == 0, arguments


if __name__ == "__main__":
    os.chdir(tempfile.gettempdir())
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))

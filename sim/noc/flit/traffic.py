"""Synthetic traffic: where each source sends to. As in BookSim2 (Dally and Towles 2004, table 3.1)."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import SimulationError
from ..topology import Topology

I64 = NDArray[np.int64]
Destinations = Callable[[np.random.Generator, I64], I64]


@dataclass(frozen=True)
class Traffic:
    """A pattern on n endpoints.

    Attributes
    ----------
    name : str
    destinations : callable
        ``(rng, sources) -> destinations``, both of one shape.
    permutation : bool
        Every source has one destination.
    """

    name: str
    destinations: Destinations
    permutation: bool = True


def traffic(
    name: str, topology: Topology, *, hotspots: tuple[int, ...] = (0,), hot_fraction: float = 0.2
) -> Traffic:
    """A pattern by name.

    ``uniform`` (the source itself included), ``transpose``, ``bitcomp``, ``bitrev``, ``shuffle``,
    ``tornado``, ``neighbor``, and ``hotspot``: a fraction of the packets goes to the hot endpoints, the rest
    is uniform.

    Raises
    ------
    SimulationError
        Unknown pattern, or one that the number of endpoints does not allow.
    """
    n = topology.n_endpoints
    if name == "uniform":
        return Traffic(name, lambda rng, src: rng.integers(0, n, len(src)), permutation=False)
    if name == "hotspot":
        return _hotspot(n, hotspots, hot_fraction)
    if name in _OF_BITS:
        bits = n.bit_length() - 1
        if n != 1 << bits or (name == "transpose" and bits % 2):
            need = "an even power of two" if name == "transpose" else "a power of two"
            raise SimulationError(f"traffic {name!r} needs {need} of endpoints, found {n}")
        table = np.array([_OF_BITS[name](src, bits) for src in range(n)], np.int64)
    elif name in _OF_DIGITS:
        shape = topology.fabrics[0].shape if len(topology.fabrics) == 1 else (n,)
        table = _by_digit(shape, _OF_DIGITS[name])
    else:
        known = ("uniform", "hotspot", *_OF_BITS, *_OF_DIGITS)
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise SimulationError(f"unknown traffic {name!r}, expected one of {', '.join(known)}{hint}")
    return Traffic(name, lambda rng, src: table[src])


def _reverse(src: int, bits: int) -> int:
    return int(f"{src:0{bits}b}"[::-1], 2) if bits else 0


_OF_BITS: dict[str, Callable[[int, int], int]] = {
    "transpose": lambda src, bits: src >> bits // 2 | (src << bits // 2) % (1 << bits),
    "bitcomp": lambda src, bits: (1 << bits) - 1 - src,
    "bitrev": _reverse,
    "shuffle": lambda src, bits: (src << 1) % (1 << bits) | src << 1 >> bits,
}
_OF_DIGITS: dict[str, Callable[[I64, int], I64]] = {
    "tornado": lambda x, k: (x + (k + 1) // 2 - 1) % k,
    "neighbor": lambda x, k: (x + 1) % k,
}


def _by_digit(shape: tuple[int, ...], rule: Callable[[I64, int], I64]) -> I64:
    """Destination of each endpoint by a rule for every coordinate; the first dimension counts first."""
    left = np.arange(int(np.prod(shape)), dtype=np.int64)
    result, offset = np.zeros_like(left), 1
    for k in shape:
        result = result + offset * rule(left % k, k)
        left, offset = left // k, offset * k
    return result


def _hotspot(n: int, hotspots: tuple[int, ...], fraction: float) -> Traffic:
    beyond = [h for h in hotspots if not 0 <= h < n]
    if beyond or not hotspots:
        raise SimulationError(
            f"traffic 'hotspot': endpoint {beyond[0] if beyond else None} is not one of 0..{n - 1}"
        )
    if not 0 <= fraction <= 1:
        raise SimulationError(f"traffic 'hotspot': hot_fraction must lie between 0 and 1, found {fraction}")
    hot = np.array(hotspots, np.int64)

    def destinations(rng: np.random.Generator, src: I64) -> I64:
        to_hot = rng.random(len(src)) < fraction
        return np.where(to_hot, hot[rng.integers(0, len(hot), len(src))], rng.integers(0, n, len(src)))

    return Traffic("hotspot", destinations, permutation=False)


@dataclass(frozen=True, eq=False)
class Trace:
    """Packets read from a file, by time; `time` in cycles, all arrays of one shape."""

    name: str
    time: I64
    src: I64
    dst: I64
    n_flits: I64


def read_trace(path: Path, topology: Topology) -> Trace:
    """Read lines ``cycle,source,destination,flits``; empty lines and what follows ``#`` are ignored.

    Raises
    ------
    SimulationError
        Names the line and what is wrong with it.
    """
    rows = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SimulationError(f"cannot read the trace {path}: {error}") from error
    for number, line in enumerate(lines, 1):
        text = line.split("#")[0].strip()
        if text:
            rows.append(_row(text, f"{path}:{number}", topology))
    if not rows:
        raise SimulationError(f"{path}: the trace is empty; expected lines 'cycle,source,destination,flits'")
    columns = np.array(rows, np.int64)
    columns = columns[np.argsort(columns[:, 0], kind="stable")]
    return Trace(path.name, *(np.ascontiguousarray(columns[:, i]) for i in range(4)))


def _row(text: str, where: str, topology: Topology) -> tuple[int, int, int, int]:
    try:
        time, src, dst, size = (int(x) for x in text.split(","))
    except ValueError:
        raise SimulationError(
            f"{where}: found {text!r}, expected four integers 'cycle,source,destination,flits'"
        ) from None
    for endpoint in (src, dst):
        if not -1 <= endpoint < topology.n_endpoints or (endpoint < 0 and not topology.has_host):
            raise SimulationError(
                f"{where}: endpoint {endpoint} is not one of 0..{topology.n_endpoints - 1} (-1: the host)"
            )
    if time < 0 or size < 1:
        raise SimulationError(
            f"{where}: found cycle {time} and {size} flits, expected a cycle >= 0 and at least 1 flit"
        )
    return time, src, dst, size

"""The chips of a system as a graph: their names, the links between them, and what is wrong with these."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .nearest import nearest_hint

if TYPE_CHECKING:
    from .chip import Chip
    from .links import ChipLink, Chips

Finding = tuple[str, str]
"""Dotted path and message."""

MARKS = ("-", ">")
"""Between two names: both ways, one way."""


def chip_names(chips: Chips | None) -> tuple[str, ...]:
    """Names of the chips in their order; numbers from 0 where the file gives none."""
    if chips is None:
        return ("0",)
    return chips.names or tuple(str(i) for i in range(chips.count))


def ends(text: str) -> tuple[str, str, str] | None:
    """First name, mark and second name of ``a-b`` or ``a>b``; None if it is neither."""
    for mark in MARKS:
        names = [name.strip() for name in text.split(mark)]
        if len(names) == 2 and all(names):
            return names[0], mark, names[1]
    return None


def wires(chips: Chips) -> dict[tuple[int, int], ChipLink]:
    """The listed links, one entry for each direction, by the numbers of the chips at their ends."""
    number = {name: i for i, name in enumerate(chip_names(chips))}
    found: dict[tuple[int, int], ChipLink] = {}
    for link in chips.links or ():
        parts = ends(link.between)
        assert parts is not None  # `findings` has refused it
        a, mark, b = parts
        found[(number[a], number[b])] = link
        if mark == "-":
            found[(number[b], number[a])] = link
    return found


def host_chip(chip: Chip) -> int:
    """Number of the chip that the host hangs on."""
    at = chip.host.at if chip.host else None
    return 0 if at is None else chip_names(chip.chips).index(at)


def findings(chip: Chip) -> Iterator[Finding]:
    """Contradictions between count, names, links and host."""
    chips = chip.chips
    if chips is not None:
        yield from _names(chips)
        yield from _links(chips)
    at = chip.host.at if chip.host else None
    if at is not None and at not in chip_names(chips):
        yield "host.at", f"unknown chip {at!r}{nearest_hint(at, chip_names(chips))}"


def _names(chips: Chips) -> Iterator[Finding]:
    if chips.names is None:
        return
    if len(chips.names) != chips.count:
        yield "chips.names", f"{len(chips.names)} names for {chips.count} chips (chips.count)"
    for i, name in enumerate(chips.names):
        if name in chips.names[:i]:
            yield f"chips.names.{i}", f"a second chip is called {name!r}, expected a name of its own"


def _links(chips: Chips) -> Iterator[Finding]:
    if chips.topology != "graph":
        if chips.links is not None:
            yield "chips.links", f"a {chips.topology} needs no list of links, expected topology: graph"
        return
    if not chips.links and chips.count > 1:
        yield "chips.links", "missing, expected the links of the graph such as [0-1, 1-2]"
        return
    names = chip_names(chips)
    seen: set[tuple[str, str]] = set()
    for i, link in enumerate(chips.links or ()):
        found = ends(link.between)
        where = f"chips.links.{i}"
        if found is None:
            yield where, f"found {link.between!r}, expected two chips: 'a-b' (both ways) or 'a>b' (one way)"
            return
        a, mark, b = found
        for name in (a, b):
            if name not in names:
                yield where, f"unknown chip {name!r} in {link.between!r}{nearest_hint(name, names)}"
                return
        ways = {(a, b), (b, a)} if mark == "-" else {(a, b)}
        if a == b:
            yield where, f"{link.between!r} links a chip with itself, expected two chips"
        elif ways & seen:
            yield where, f"a second link between {a!r} and {b!r}, expected one"
        seen |= ways
    yield from _connected(names, seen)


def _connected(names: tuple[str, ...], ways: set[tuple[str, str]]) -> Iterator[Finding]:
    """Whether every chip reaches the first one and is reached from it."""
    for forward, what in ((True, "cannot be reached from"), (False, "cannot reach")):
        reached, pending = {names[0]}, [names[0]]
        while pending:
            at = pending.pop()
            steps = {b for a, b in ways if a == at} if forward else {a for a, b in ways if b == at}
            pending += steps - reached
            reached |= steps
        missing = [name for name in names if name not in reached]
        if missing:
            more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            yield (
                "chips.links",
                f"not connected: chip {missing[0]!r}{more} {what} chip {names[0]!r}, expected a link to it",
            )
            return

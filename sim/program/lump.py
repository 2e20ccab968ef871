"""Exact lumping: one resource for those that are always occupied together.

Two first-come-first-served resources that the very same visits occupy are free and busy at the same times,
whatever happens: the ports of all the tiles of a layer, the links of one level of a multicast. One of them
stands for all, with their units added up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from .entries import ResourceEntry, VisitEntry

Members = Mapping[int, tuple[str, ...]]
"""Names of the resources that one stands for, by its index; of itself where it is not there."""


def lumped(
    resources: list[ResourceEntry], visits: list[VisitEntry], members: Members
) -> tuple[list[ResourceEntry], dict[int, tuple[str, ...]]]:
    """The resources with equals merged, and whom each stands for; visits are renumbered in place."""
    in_turn = {r for v in visits if v.turn_step for r in v.resources}
    keys = [
        None if r in in_turn else (resource.klass, resource.servers, resource.arbitration)
        for r, resource in enumerate(resources)
    ]
    groups = groups_of_equals(keys, [tuple(zip(v.resources, v.holds_fs, strict=True)) for v in visits])
    names = [members.get(r, (resource.name,)) for r, resource in enumerate(resources)]
    together = {i: tuple(name for r in group for name in names[r]) for i, group in enumerate(groups)}
    merged = []
    for i, group in enumerate(groups):
        first, n = resources[group[0]], len(together[i])
        label = first.name if n == 1 else f"{first.name} +{n - 1}"
        merged.append(replace(first, name=label, units=sum(resources[r].units for r in group)))
    _renumber(visits, {r: i for i, group in enumerate(groups) for r in group})
    return merged, together


def _renumber(visits: list[VisitEntry], number: dict[int, int]) -> None:
    for v in visits:
        if v.turn_step:
            v.resources = tuple(number[r] for r in v.resources)
            continue
        holds_fs = {number[r]: fs for r, fs in zip(v.resources, v.holds_fs, strict=True)}
        v.resources = tuple(sorted(holds_fs))
        v.holds_fs = tuple(holds_fs[r] for r in v.resources)


def groups_of_equals(
    keys: Sequence[tuple[object, ...] | None], visits: Sequence[tuple[tuple[int, int], ...]]
) -> list[list[int]]:
    """Resources grouped by equal use.

    Parameters
    ----------
    keys : sequence of tuple or None, one per resource
        What must agree apart from the visits (class, servers); None keeps a resource by itself.
    visits : sequence of tuple of (int, int)
        The resources that each visit occupies, and for how long.

    Returns
    -------
    list of list of int
        Groups, by the lowest index of each, ascending within.
    """
    used: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for v, resources in enumerate(visits):
        for r, hold in resources:
            used[r].append((v, hold))
    found: dict[tuple[object, ...], list[int]] = {}
    for r, key in enumerate(keys):
        signature = ("alone", r) if key is None else (*key, tuple(used[r]))
        found.setdefault(signature, []).append(r)
    return list(found.values())

"""Exact lumping: one resource for those that are always occupied together.

Two first-come-first-served resources that the very same visits occupy are free and busy at the same times,
whatever happens: the ports of all the tiles of a layer, the links of one level of a multicast. One of them
stands for all, with their units added up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence


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

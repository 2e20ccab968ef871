"""Stages of earlier points that this process can use again: imported networks, and mappings.

A mapping is used again for a chip that differs only in energies, powers and areas: it weighs the times of all
parts, so that any other field may change it. A test records what the mapping reads and compares.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ...arch.chip import Chip
    from ...sim.job.job import Job
    from ...sim.mapping.mapping import Mapping
    from ...sim.mapping.options import MappingOptions
    from ...workloads.graph import Network

N_NETWORKS = 8
N_MAPPINGS = 64
"""Kept per process; a mapping of a large network is of the order of a megabyte."""

COST_SUFFIXES = ("_j", "_w", "_mm2")
"""Energies, powers and areas, by the unit at the end of their names."""
TEXTS = frozenset({"source", "description", "references", "stated", "modes", "node_nm"})


class NetworkSource(NamedTuple):
    """What an imported network depends on: the digest of its file, and what is asked of its import."""

    digest: str
    asked: str

    @staticmethod
    def of(job: Job, digest: str) -> NetworkSource:
        """That of a question."""
        from ...sim.job.job import OF_THE_NETWORK

        fields = {"network", *OF_THE_NETWORK}
        return NetworkSource(digest, job.model_dump_json(include=fields))

    def load(self) -> Network:
        """The network."""
        from ...sim.job.job import Job

        return Job.model_validate({**json.loads(self.asked), "chip": "none"}).load_network()


@lru_cache(maxsize=N_NETWORKS)
def network(of: NetworkSource) -> Network:
    """The network, imported once per process."""
    return of.load()


def mapping(of: NetworkSource, chip: Chip, options: MappingOptions) -> Mapping:
    """The mapping of a network on a chip, from an earlier point where that is the same."""
    from ...sim.confirm import mapped

    # Swapping weighs bandwidths and writes against each other, so that everything of the chip counts.
    key = (of, chip.hash if options.swap else chip_key(chip), options)
    with _LOCK:
        known = _MAPPINGS.get(key)
        if known is not None:
            _MAPPINGS.move_to_end(key)
            return known
    made = mapped(network(of), chip, options).mapping
    with _LOCK:
        _MAPPINGS[key] = made
        while len(_MAPPINGS) > N_MAPPINGS:
            _MAPPINGS.popitem(last=False)
    return made


def chip_key(chip: Chip) -> str:
    """Everything of a chip that its mapping may depend on, as text."""
    return json.dumps(_relevant(chip.model_dump(mode="json")), sort_keys=True)


def _relevant(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k not in TEXTS and not k.endswith(COST_SUFFIXES)}
        return {key: _relevant(item) for key, item in kept.items()}
    return [_relevant(item) for item in value] if isinstance(value, list) else value


_MAPPINGS: OrderedDict[tuple[NetworkSource, str, MappingOptions], Mapping] = OrderedDict()
_LOCK = Lock()  # a Dask worker may run several points in threads of one process

"""Questions that several tests ask."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ohmsum.sim.job.given import job_of
from ohmsum.sim.job.job import Job


def job(network: str, chip: str, changes: Iterable[str] = (), **fields: Any) -> Job:
    """A network on a chip with changes like ``tile.adc.bits=6``, and any other field of the question."""
    return job_of({"network": network, "chip": chip, "set": list(changes), **fields})

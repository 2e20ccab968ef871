"""One point of a sweep: everything that one simulation depends on, and the key it is kept under."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ...sim.job.given import job_of
from .fields import CHIP, NETWORK, Value, given_of

if TYPE_CHECKING:
    from ...sim.job.job import Job


@dataclass(frozen=True)
class Point:
    """Fields with their values, as JSON text with sorted keys: small, hashable, fit to be sent anywhere."""

    text: str

    @staticmethod
    def of(settings: Mapping[str, Value]) -> Point:
        """The point with these settings."""
        return Point(json.dumps(dict(settings), sort_keys=True, ensure_ascii=False))

    @cached_property
    def settings(self) -> dict[str, Value]:
        """Field to value."""
        settings: dict[str, Value] = json.loads(self.text)
        return settings

    @property
    def network(self) -> str:
        """Name or file of the network."""
        return str(self.settings[NETWORK])

    @property
    def chip(self) -> str:
        """Name or file of the chip."""
        return str(self.settings[CHIP])

    def key(self, version: str, *digests: str) -> str:
        """SHA-256 of the settings, the version of ohmsum, and digests of the files that there are."""
        whole = json.dumps([self.text, version, *filter(None, digests)])
        return hashlib.sha256(whole.encode()).hexdigest()

    def job(self) -> Job:
        """What is asked, as `ohmsum run` would be told."""
        return job_of(given_of(self.settings))

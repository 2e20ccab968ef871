"""Which code made a number: a result of other code is not taken over."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path


@lru_cache(maxsize=1)
def code_version() -> str:
    """The version of ohmsum with a digest of the files that make its numbers: ``0.1.0+3f9c0a2b71de``.

    These are the code and the tables of `arch`, `workloads` and `sim`. A file edited in place, as in a
    checkout, counts like a new version.
    """
    from ... import arch, sim, workloads

    digest = hashlib.sha256()
    for room in (arch, sim, workloads):
        root = Path(room.__path__[0])
        for path in sorted(root.rglob("*")):
            if path.suffix in {".py", ".yaml"}:
                digest.update(f"{room.__name__}/{path.relative_to(root).as_posix()}\0".encode())
                digest.update(path.read_bytes())
    return f"{version('ohmsum')}+{digest.hexdigest()[:12]}"

"""A digest of the files that the machine code of the loop depends on."""

from __future__ import annotations

import hashlib
from pathlib import Path


def digest_of_sources() -> int:
    """62 bits of the SHA-256 of every file that the loop is compiled from, as they are now."""
    here = Path(__file__).parent
    program = here.parent.parent / "program" / "program.py"
    files = [*sorted(here.glob("*.py")), here.parent / "result.py", program]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return int.from_bytes(digest.digest()[:8], "big") >> 2

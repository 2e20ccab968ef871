"""Networks of the zoo as they were imported once, kept in the user's cache folder.

Only those that are asked for as they are: what is kept follows from the package alone. The folder may be
deleted at any time.
"""

from __future__ import annotations

import hashlib
import pickle
from importlib.util import find_spec
from pathlib import Path

from .. import workloads
from ..arch.parsed_texts import folder, keep_file
from ..workloads.graph import Network

KIND = "networks"
"""Folder of the user's cache."""


def from_zoo(name: str) -> Network:
    """A network of the zoo; imported if it has not been by this version of the package.

    Raises
    ------
    NetworkError
        As `workloads.load`.
    """
    file = f"{name}-{_digest(name)}.pickle"
    try:
        digest, _, rest = (folder(KIND) / file).read_bytes().partition(b"\n")
        if digest == hashlib.sha256(rest).hexdigest().encode():
            found: Network = pickle.loads(rest)
            return found
    except OSError:
        pass
    network = workloads.load(name)
    rest = pickle.dumps(network)
    keep_file(file, hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest, KIND)
    return network


def _digest(name: str) -> str:
    """Names, sizes and times of change of the files that the network follows from, and that of onnx."""
    onnx = find_spec("onnx")
    assert onnx is not None
    root = Path(workloads.__path__[0])
    files = [*sorted(root.rglob("*.py")), root / "zoo" / f"{name}.onnx", Path(str(onnx.origin))]
    told = [f"{file} {state.st_size} {state.st_mtime_ns}" for file in files for state in [file.stat()]]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()

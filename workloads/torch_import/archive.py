"""Files of torch.export (.pt2): what they are is looked at before PyTorch reads them.

PyTorch unpickles some members of such an archive and loads compiled libraries from it, either of which can
run whatever its author wants. A program with plain tensors needs neither, so archives with them are refused.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import NetworkError
from .quantised import know_quantisers
from .translate import quiet

SUFFIXES = frozenset({".pt2", ".pt", ".pth"})
MOST_TIMES, ALLOWED_BYTES = 8, 1 << 20
EXPECTED = "expected a program written by torch.export.save"


def is_program(path: Path) -> bool:
    """Whether a file is PyTorch's rather than ONNX: by its name, or because it is a zip archive."""
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def load_archive(path: Path, torch: ModuleType) -> tuple[Any, str]:
    """The ExportedProgram in a file that `check_archive` let pass, and the SHA-256 of its bytes.

    Raises
    ------
    NetworkError
        PyTorch cannot read it.
    """
    raw = path.read_bytes()
    try:
        with quiet():
            know_quantisers()
            return torch.export.load(io.BytesIO(raw)), sha256(raw).hexdigest()
    except Exception as error:  # of any kind: the reader trusts what it finds
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise NetworkError(
            f"{path}: PyTorch {torch.__version__} cannot read it: {reason}; "
            "export it again with this version (torch promises no compatibility of .pt2 files)"
        ) from None


def check_archive(path: Path, torch: ModuleType) -> None:
    """Look at the members of a file before PyTorch reads them.

    Raises
    ------
    NetworkError
        The file is missing, is another kind of file, is damaged, or holds what would run when it is read.
    """
    if path.is_dir():
        raise NetworkError(f"{path}: is a folder, expected a .pt2 file")
    try:
        with zipfile.ZipFile(path) as archive:
            members = {name.partition("/")[2]: name for name in archive.namelist()}
            roots = {name.partition("/")[0] for name in archive.namelist()}
            if "models/model.json" not in members or len(roots) > 1 or len(members) < len(archive.namelist()):
                raise NetworkError(f"{path}: {_what(members, archive)}, {EXPECTED}")
            _refuse_bomb(path, archive)
            _refuse_code(path, members, archive, torch)
    except NetworkError:
        raise
    except OSError as error:
        raise NetworkError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (zipfile.BadZipFile, EOFError, ValueError, zlib.error) as error:
        if path.read_bytes()[:2] == b"PK":
            raise NetworkError(f"{path}: is truncated or damaged ({error}), {EXPECTED}") from None
        raise NetworkError(f"{path}: is no .pt2 file, {EXPECTED}") from None


def _what(members: dict[str, str], archive: zipfile.ZipFile) -> str:
    """In words, what a zip archive without a program is."""
    if "serialized_exported_program.json" in archive.namelist():
        return "is in the format of PyTorch 2.7 and older"
    if "constants.pkl" in members:
        return "is a TorchScript module"
    if "data.pkl" in members:
        return "holds a pickled object (a state_dict or a whole module, torch.save)"
    return "is a zip archive without a program"


def _refuse_bomb(path: Path, archive: zipfile.ZipFile) -> None:
    """PyTorch stores members as they are: what unpacks to far more was not written by it."""
    unpacked, packed = sum(member.file_size for member in archive.infolist()), path.stat().st_size
    if unpacked > MOST_TIMES * packed + ALLOWED_BYTES:
        raise NetworkError(
            f"{path}: unpacks to {unpacked} bytes from {packed}, expected at most {MOST_TIMES} times as many"
        )


def _refuse_code(path: Path, members: dict[str, str], archive: zipfile.ZipFile, torch: ModuleType) -> None:
    """Members that PyTorch would unpickle without limits, or load as a library."""
    found = [name for name in members if name.startswith("data/aotinductor/")]
    for name, member in members.items():
        if name.startswith(("data/weights/", "data/constants/")) and name.endswith(".json"):
            found += [
                tensor
                for tensor, entry in _table(path, name, archive.read(member)).items()
                if not _is_plain(entry)
            ]
        elif name.startswith("data/sample_inputs/"):
            try:
                with quiet():
                    torch.load(io.BytesIO(archive.read(member)), weights_only=True)
            except Exception:  # of many kinds; whatever it is, PyTorch would go on without limits
                found.append(name)
    if found:
        raise NetworkError(
            f"{path}: {found[0]!r} is code or a pickled object, which could run anything when it is read; "
            "expected a program of plain tensors"
        )


def _table(path: Path, name: str, content: bytes) -> dict[str, Any]:
    """The weights or constants that a member lists, by name."""
    try:
        found = json.loads(content)
    except RecursionError:
        found = None
    table = found.get("config") if isinstance(found, dict) else None
    if not isinstance(table, dict):
        raise NetworkError(f"{path}: its member {name!r} is damaged, expected a table of tensors")
    return table


def _is_plain(entry: object) -> bool:
    """Whether a weight or constant is stored as bare numbers."""
    if not isinstance(entry, dict):
        return False
    return not entry.get("use_pickle") and str(entry.get("path_name")).startswith(("weight_", "tensor_"))

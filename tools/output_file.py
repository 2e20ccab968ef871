"""Files that appear whole or not at all, and that are known to be writable before the long work starts."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from .errors import UsageError

_TAKEN: dict[Path, str] = {}
"""Files that this call reads or writes, by what named them."""


@contextmanager
def inputs(named: Mapping[str, object]) -> Iterator[None]:
    """Files that are read in the block, so that no output can be put over one of them.

    Parameters
    ----------
    named : mapping of str to object
        By what named it; what is not the name of a file that exists counts for nothing.
    """
    files = {file: what for what, name in named.items() if (file := _existing(name)) is not None}
    new = {file: what for file, what in files.items() if file not in _TAKEN}
    _TAKEN.update(new)
    try:
        yield
    finally:
        for file in new:
            del _TAKEN[file]


def _existing(name: object) -> Path | None:
    if not isinstance(name, (str, Path)):
        return None
    path = os.path.realpath(name)
    return Path(path) if os.path.isfile(path) else None


class OutputFile:
    """A file to be written at the end of the work; use as a context manager.

    On entry a temporary file is made beside the target, which finds a missing folder, a full disk or a lack
    of rights before the work instead of after it. `write` fills it and renames it to the target in one step.
    If the block ends without `write` (an error, Ctrl-C), the temporary file goes and the target is as it was.

    Parameters
    ----------
    option : str
        For messages: the option that named the file.
    path : Path
        Something that is not a plain file (/dev/stdout, a pipe) is written in place.
    """

    def __init__(self, option: str, path: Path) -> None:
        self._option = option
        self._path = Path(os.path.realpath(path))
        self._name = str(path)
        self._temporary: Path | None = None

    def __enter__(self) -> OutputFile:
        self._check()
        if self._in_place:
            return self
        try:
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".ohmsum.", suffix=".part")
        except OSError as error:
            raise UsageError(f"{self._option} {self._name}: cannot write there ({error.strerror})") from None
        os.close(handle)
        self._temporary = Path(name)
        _TAKEN[self._path] = self._option
        return self

    def _check(self) -> None:
        longest = os.pathconf(self._path.anchor, "PC_NAME_MAX") if hasattr(os, "pathconf") else 255
        if len(os.fsencode(self._path.name)) > longest:
            raise UsageError(f"{self._option} {self._name[:60]}...: a file name has at most {longest} bytes")
        if self._path in _TAKEN:
            raise UsageError(
                f"{self._option} {self._name}: the same file as that of {_TAKEN[self._path]}; "
                "name another one"
            )
        if self._path.is_dir():
            raise UsageError(f"{self._option} {self._name}: is a folder, expected a file name")
        if not self._path.parent.is_dir():
            raise UsageError(f"{self._option} {self._name}: the folder {self._path.parent} does not exist")
        if self._path.exists() and not os.access(self._path, os.W_OK):
            raise UsageError(f"{self._option} {self._name}: no permission to write this file")

    def write(self, text: str) -> None:
        """Make the file appear with this content."""
        self.write_by(lambda file: file.write(text.encode("utf-8")))

    def write_by(self, fill: Callable[[BinaryIO], object]) -> None:
        """Make the file appear with what `fill` writes into the binary file that it is given."""
        try:
            with (self._temporary or self._path).open("wb") as file:
                fill(file)
            if self._temporary is None:
                return
            self._temporary.chmod(0o666 & ~_umask())
            self._temporary.replace(self._path)
            self._temporary = None
        except OSError as error:
            raise UsageError(
                f"{self._option} {self._name}: could not be written ({error.strerror})"
            ) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _TAKEN.pop(self._path, None)
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)

    @property
    def _in_place(self) -> bool:
        return self._path.exists() and not self._path.is_file()


@contextmanager
def text_output(option: str, path: Path | None) -> Iterator[Callable[[str], None]]:
    """What writes a text: into a file, on standard output when the block has ended ("-"), or nowhere."""
    if path is not None and str(path) != "-":
        with OutputFile(option, path) as file:
            yield file.write
        return
    texts: list[str] = []
    yield texts.append
    if path is not None:
        print(*texts, sep="", end="")


@contextmanager
def output_folder(option: str, path: Path) -> Iterator[None]:
    """A folder for output files, made if needed; if it was made here and is still empty at the end, it goes
    again.
    """
    existed = path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{option} {path}: cannot make this folder ({error.strerror})") from None
    try:
        yield
    finally:
        if not existed and not any(path.iterdir()):
            path.rmdir()


def _umask() -> int:
    """The process's file mode mask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask

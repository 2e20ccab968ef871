"""Files that appear whole or not at all, and that are known to be writable before the long work starts."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from .errors import UsageError


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
        if self._path.is_dir():
            raise UsageError(f"{self._option} {self._name}: is a folder, expected a file name")
        if not self._path.parent.is_dir():
            raise UsageError(f"{self._option} {self._name}: the folder {self._path.parent} does not exist")
        if self._path.exists() and not os.access(self._path, os.W_OK):
            raise UsageError(f"{self._option} {self._name}: no permission to write this file")
        if self._in_place:
            return self
        try:
            handle, name = tempfile.mkstemp(
                dir=self._path.parent, prefix=f".{self._path.name}.", suffix=".part"
            )
        except OSError as error:
            raise UsageError(f"{self._option} {self._name}: cannot write there ({error.strerror})") from None
        os.close(handle)
        self._temporary = Path(name)
        return self

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
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)

    @property
    def _in_place(self) -> bool:
        return self._path.exists() and not self._path.is_file()


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

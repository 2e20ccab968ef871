"""A suite file: which runs to make, and how far each figure may move.

name: what the team guards            # optional
metrics:                              # of every case; optional
  latency_s: 1 %
  energy_j: {tolerance: 2 %, better: lower}
cases:
  - network: lenet5
    chip: my-chip.yaml                # or a preset; files are found beside the suite
    set: {tile.adc.bits: 6}           # also batch, chips, bind, input, and every option of the mapping:
    placement: linear                 # digital, replicate, host, partition, swap, seed, ...
    metrics: {utilization.adc: 5 %}   # on top of those of every case
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field

from ...arch.errors import ConfigError
from ...arch.yaml_text import Document, read_file
from ...sim.figures import Kind
from ...sim.job.errors import QuestionError
from ...sim.job.given import job_of
from ...sim.job.job import Job
from ...sim.job.records import ASKED, names, records
from ...workloads import names as network_names
from ...workloads.errors import NetworkError
from ...workloads.load import find as find_network
from ..documents import FileModel, validated
from ..errors import SuiteError
from .fields import Fields
from .tolerance import DEFAULT, Metric, direction, is_of, read_metrics


class CaseFile(FileModel):
    """What may stand in a case beside the fields of its question."""

    model_config = ConfigDict(title="a case (network, chip, ...)", extra="allow")

    name: str | None = None
    metrics: dict[str, Any] | None = None


class SuiteFile(FileModel):
    """What may stand in a suite."""

    model_config = ConfigDict(title="the fields of a suite (cases, ...)")

    name: str | None = None
    chip: str | None = None
    network: str | None = None
    metrics: dict[str, Any] | None = None
    cases: list[CaseFile] = Field(min_length=1)


_ASKED = (
    *names(),
    "mapping",
    *(f"mapping.{name}" for name in names() if records()[names()[name]].path[0] == "mapping"),
)
"""What a question may be asked with; options of the mapping also by their longer names."""
_CASE_KEYS = ("name", *_ASKED, "metrics")


@dataclass(frozen=True)
class Case:
    """One run of a suite.

    Parameters
    ----------
    name : str
        Unlike any other in the suite.
    job : Job
        Paths of files are absolute.
    given : Job
        The same as the suite says it: paths from the suite's folder, for provenance.
    metrics : tuple of Metric
    place : str
        ``file:line``.
    """

    name: str
    job: Job
    given: Job
    metrics: tuple[Metric, ...]
    place: str


@dataclass(frozen=True)
class Suite:
    """A suite file, read and checked."""

    name: str
    path: Path
    cases: tuple[Case, ...]

    @property
    def golden_path(self) -> Path:
        """The file with the golden figures, beside the suite."""
        stem = self.path.name.removesuffix(".yaml").removesuffix(".yml")
        return self.path.with_name(f"{stem}.golden.json")


def load_suite(path: Path) -> Suite:
    """Read a suite and check all that can be checked before anything runs: fields, chips, networks, metrics.

    Raises
    ------
    SuiteError
        With file, line, field, what was found and what was expected.
    """
    try:
        document = read_file(path)
    except ConfigError as error:
        raise SuiteError(str(error)) from None
    given = validated(document, SuiteFile, error=SuiteError)
    top = Fields(document, (), SuiteFile.model_fields)
    common = read_metrics(top)
    cases: dict[str, Case] = {}
    for i in range(len(given.cases)):
        case = _case(document, i, top, common, path.parent)
        if case.name in cases:
            first = cases[case.name].place
            raise SuiteError(
                f"{case.place}: cases.{i}: a second case is called {case.name!r} (the first: {first}), "
                "expected a name of its own"
            )
        cases[case.name] = case
    return Suite(given.name or path.name.partition(".")[0], path, tuple(cases.values()))


def _case(document: Document, i: int, top: Fields, common: Mapping[str, Metric], folder: Path) -> Case:
    fields = Fields(document, ("cases", i), _CASE_KEYS)
    given = _job(fields, top)
    files = {"network": _network(fields, given, folder), "chip": _beside(folder, given.chip)}
    if given.data is not None:
        files["data"] = str((folder / given.data).resolve())
    job = given.model_copy(update=files)
    _check_chip(fields, job)
    metrics = _metrics(fields, common, job.work.kind)
    return Case(fields.raw("name") or _name(given), job, given, tuple(metrics.values()), fields.place())


def _job(fields: Fields, top: Fields) -> Job:
    """What a case asks; network and chip may be those of the whole suite."""
    shared = {key: top.raw(key) for key in ("network", "chip") if key in top}
    asked = {key: fields.raw(key) for key in _ASKED if key in fields}
    try:
        return job_of({**shared, **asked})
    except QuestionError as error:
        table, _, option = error.field.partition(".")
        inside = (table, option) if table in asked and option else ()
        place = (error.field,) if error.field in asked else inside
        raise fields.error(place, fields.words(error)) from None


def _metrics(fields: Fields, common: Mapping[str, Metric], kind: Kind) -> Mapping[str, Metric]:
    """What a case is held to: its own metrics, and of those of every case the ones that its kind may have."""
    own = read_metrics(fields)
    for name in own:
        if not is_of(name, kind):
            raise fields.error(("metrics", name), f"no figure of {ASKED[kind]}")
    shared = {name: metric for name, metric in common.items() if is_of(name, kind)}
    found = {**shared, **own}
    return found or {n: Metric(n, 0.0, direction(n), fields.place()) for n in DEFAULT[kind]}


def _name(job: Job) -> str:
    """A name for a case that has none: what makes it."""
    network, chip = Path(job.network).stem, Path(job.chip).stem
    parts = [f"{path}={value}" for path, value in job.changes.items()]
    parts += [f"batch {job.work.batch}"] if job.work.batch > 1 else []
    return " ".join([f"{network} on {chip}", *parts])


def _beside(folder: Path, source: str) -> str:
    """A file as seen from here; the name of a preset stays."""
    is_file = Path(source).suffix in (".yaml", ".yml", ".onnx", ".pt2") or "/" in source
    return str((folder / source).resolve()) if is_file else source


def _network(fields: Fields, given: Job, folder: Path) -> str:
    source = given.network if given.network in network_names() else _beside(folder, given.network)
    try:
        find_network(source)
    except NetworkError as error:
        raise fields.error(("network",), str(error)) from None
    return source


def _check_chip(fields: Fields, job: Job) -> None:
    """Load the chip without and with its changes, so that the message says what is wrong."""
    plain = job.model_copy(update={"changes": {}, "chips": None})
    try:
        plain.load_chip()
    except ConfigError as error:
        raise SuiteError(f"{fields.place('chip')}: chip: {error}") from None
    try:
        job.load_chip()
    except ConfigError as error:
        name = _first_bad(plain, job.changes)
        message = str(error).removeprefix(f"`set: {name}`: ")
        raise fields.error(("set", name) if name else ("chips",), message) from None


def _first_bad(plain: Job, changes: Mapping[str, str]) -> str:
    """The first change with which the chip is not valid any more; "" if it is another thing."""
    found: dict[str, str] = {}
    for path, value in changes.items():
        found[path] = value
        try:
            plain.with_changes(found).load_chip()
        except ConfigError:
            return path
    return ""

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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_origin

from ...arch.errors import ConfigError
from ...arch.yaml_text import Document, read_file
from ...sim.mapping.options import MappingOptions
from ...workloads import names as network_names
from ...workloads.errors import NetworkError
from ...workloads.load import find as find_network
from ..errors import UsageError
from ..mapping_options import option_types, what_is_wrong
from ..run_spec import RunSpec
from .errors import SuiteError
from .fields import Fields, show
from .tolerance import DEFAULT, Metric, direction, read_metrics

_SUITE_KEYS = ("name", "chip", "network", "metrics", "cases")
_CASE_KEYS = (
    "name",
    "network",
    "chip",
    "chips",
    "batch",
    "set",
    "bind",
    "input",
    "unknown_operators",
    "weight_inputs_from",
    "noc",
    *option_types(),
    "metrics",
)


@dataclass(frozen=True)
class Case:
    """One run of a suite.

    Parameters
    ----------
    name : str
        Unlike any other in the suite.
    spec : RunSpec
        Paths of files are absolute.
    given : RunSpec
        The same as the suite says it: paths from the suite's folder, for provenance.
    metrics : tuple of Metric
    place : str
        ``file:line``.
    """

    name: str
    spec: RunSpec
    given: RunSpec
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
    if not isinstance(document.value, dict):
        raise SuiteError(
            f"{path}:1: found {show(document.value)}, expected the fields of a suite (cases, ...)"
        )
    top = Fields(document, (), _SUITE_KEYS)
    entries = top.raw("cases")
    if not isinstance(entries, list) or not entries:
        raise top.error(("cases",), f"found {show(entries)}, expected a list of at least one case")
    common = read_metrics(top)
    cases: dict[str, Case] = {}
    for i in range(len(entries)):
        case = _case(document, i, top, common, path.parent)
        if case.name in cases:
            first = cases[case.name].place
            raise SuiteError(
                f"{case.place}: cases.{i}: a second case is called {case.name!r} (the first: {first}), "
                "expected a name of its own"
            )
        cases[case.name] = case
    return Suite(top.text("name", path.name.partition(".")[0]), path, tuple(cases.values()))


def _case(document: Document, i: int, top: Fields, common: Mapping[str, Metric], folder: Path) -> Case:
    fields = Fields(document, ("cases", i), _CASE_KEYS)
    given = _spec(fields, top)
    spec = replace(given, network=_network(fields, given, folder), chip=_beside(folder, given.chip))
    _check_chip(fields, spec)
    metrics = {**common, **read_metrics(fields)}
    if not metrics:
        metrics = {n: Metric(n, t, direction(n), fields.place()) for n, t in DEFAULT.items()}
    name = fields.text("name", _name(given))
    return Case(name, spec, given, tuple(metrics.values()), fields.place())


def _spec(fields: Fields, top: Fields) -> RunSpec:
    try:
        return RunSpec(
            network=fields.text("network", top.text("network", "") or None),
            chip=fields.text("chip", top.text("chip", "") or None),
            overrides=_equals(fields.pairs("set", "{tile.adc.bits: 6}")),
            chips=fields.integer("chips", None),
            batch=fields.integer("batch", 1) or 1,
            bind=_equals(fields.pairs("bind", "{batch: 1}")),
            inputs=_equals(fields.pairs("input", "{x: 1x3x224x224}")),
            unknown_operators=fields.text("unknown_operators", "error"),
            weight_inputs_from=fields.integer("weight_inputs_from", None, least=0),
            noc=fields.text("noc", "") or None,
            mapping=_mapping(fields),
        )
    except SuiteError:
        raise
    except UsageError as error:  # of an option that RunSpec refuses
        raise fields.error((), str(error)) from None


def _mapping(fields: Fields) -> MappingOptions:
    """The options of the mapping that the case gives."""
    chosen: dict[str, Any] = {}
    for name, kind in option_types().items():
        if name in fields:
            chosen[name] = fields.texts(name) if get_origin(kind) is tuple else fields.raw(name)
            wrong = what_is_wrong(name, chosen[name])
            if wrong is not None:
                raise fields.error((name,), wrong)
    return MappingOptions(**chosen)


def _equals(pairs: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}={value}" for name, value in pairs.items())


def _name(spec: RunSpec) -> str:
    """A name for a case that has none: what makes it."""
    network, chip = Path(spec.network).stem, Path(spec.chip).stem
    parts = [*spec.overrides, *([f"batch {spec.batch}"] if spec.batch > 1 else [])]
    return " ".join([f"{network} on {chip}", *parts])


def _beside(folder: Path, source: str) -> str:
    """A file as seen from here; the name of a preset stays."""
    is_file = Path(source).suffix in (".yaml", ".yml", ".onnx") or "/" in source
    return str((folder / source).resolve()) if is_file else source


def _network(fields: Fields, given: RunSpec, folder: Path) -> str:
    source = given.network if given.network in network_names() else _beside(folder, given.network)
    try:
        find_network(source)
    except NetworkError as error:
        raise fields.error(("network",), str(error)) from None
    return source


def _check_chip(fields: Fields, spec: RunSpec) -> None:
    """Load the chip without and with its overrides, so that the message says what is wrong."""
    try:
        replace(spec, overrides=(), chips=None).load_chip()
    except ConfigError as error:
        raise SuiteError(f"{fields.place('chip')}: chip: {error}") from None
    try:
        spec.load_chip()
    except (ConfigError, UsageError) as error:
        name = _first_bad(spec)
        message = str(error).removeprefix(f"--set {name}: ")
        raise fields.error(("set", name) if name else ("chips",), message) from None


def _first_bad(spec: RunSpec) -> str:
    """The first override with which the chip is not valid any more; "" if it is another thing."""
    for n in range(1, len(spec.overrides) + 1):
        try:
            replace(spec, overrides=spec.overrides[:n], chips=None).load_chip()
        except (ConfigError, UsageError):
            return spec.overrides[n - 1].partition("=")[0]
    return ""

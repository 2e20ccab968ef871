"""Golden figures: a JSON file beside the suite, with provenance and what is needed to explain a change."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..compare.read import check_schema, read_json
from ..compare.snapshot import ResultSnapshot
from ..errors import SuiteError, UsageError
from ..output_file import OutputFile
from .measure import Measured
from .suite import Suite

SCHEMA = "ohmsum-golden/1"


@dataclass(frozen=True)
class Golden:
    """What a case gave when its figures were accepted.

    Parameters
    ----------
    values : dict of str to float
        By metric.
    snapshot : ResultSnapshot
    """

    values: dict[str, float]
    snapshot: ResultSnapshot


def read_goldens(suite: Suite) -> dict[str, Golden]:
    """Goldens of a suite by the name of the case; none if there is no file yet.

    Raises
    ------
    SuiteError
        The file is damaged or of another version of the format.
    """
    path = suite.golden_path
    if not path.exists():
        return {}
    mend = "write it again with `ohmsum check --update`"
    try:
        value = read_json(path, "goldens of `ohmsum check`")
        check_schema(str(path), value.get("schema"), SCHEMA, mend)
        return {name: _golden(entry, f"{path}: {name}") for name, entry in value["cases"].items()}
    except SuiteError:
        raise
    except UsageError as error:
        raise SuiteError(str(error)) from None
    except (KeyError, TypeError, AttributeError):
        raise SuiteError(f"{path}: damaged, not what this program wrote; {mend}") from None


def _golden(entry: dict[str, Any], where: str) -> Golden:
    values = {name: float(value) for name, value in entry["values"].items()}
    return Golden(values, ResultSnapshot.from_json(entry["snapshot"], where))


def write_goldens(suite: Suite, measured: dict[str, Measured], old: dict[str, Golden]) -> None:
    """Write what was measured as the new goldens; a case that failed keeps its old one.

    Cases that are no longer in the suite go.
    """
    goldens = {}
    for case in suite.cases:
        found = measured.get(case.name)
        if found is not None and found.snapshot is not None:
            goldens[case.name] = Golden(found.values, found.snapshot)
        elif case.name in old:
            goldens[case.name] = old[case.name]
    with OutputFile("goldens", suite.golden_path) as file:
        file.write(dumps(suite, goldens))


def dumps(suite: Suite, goldens: dict[str, Golden]) -> str:
    """The goldens as text, one line per entry: fit for a diff."""
    cases = {
        name: {"values": golden.values, "snapshot": golden.snapshot.to_json()}
        for name, golden in goldens.items()
    }
    value = {"schema": SCHEMA, "suite": suite.name, "cases": cases}
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

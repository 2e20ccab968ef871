"""Why two results differ: fields of the chip, the network, the mapping, the program, the version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...arch.parts import class_of_field
from ...arch.units import FS_PER_S, UnitError, period_fs
from ...sim.report.numbers import si
from .snapshot import ResultSnapshot


@dataclass(frozen=True)
class Reason:
    """One thing that was changed.

    Parameters
    ----------
    kind : {"chip", "network", "options", "mapping", "program", "version"}
    subject : str
        Dotted path of the field, name of the option or layer, or "".
    text : str
    """

    kind: str
    subject: str
    text: str


def causes(old: ResultSnapshot, new: ResultSnapshot, moved: dict[str, float]) -> tuple[Reason, ...]:
    """Everything that was changed, the likeliest cause first.

    Parameters
    ----------
    moved : dict of class to seconds
        How much the critical path changed by class of resource: fields of the class that moved most come
        first.
    """
    return (
        *_network(old, new),
        *_chip(old, new, moved),
        *_options(old, new),
        *_mapping(old, new),
        *_program(old, new),
    )


def _network(old: ResultSnapshot, new: ResultSnapshot) -> list[Reason]:
    if old.provenance.get("network_hash") == new.provenance.get("network_hash"):
        return []
    names = old.network if old.network == new.network else f"{old.network} -> {new.network}"
    return [Reason("network", names, f"the network is another one ({names})")]


def _chip(old: ResultSnapshot, new: ResultSnapshot, moved: dict[str, float]) -> list[Reason]:
    """Fields of the chip; what only followed from another field comes after what was set.

    None where one of the two does not list them.
    """
    found = []
    follows = _costs_that_follow(old, new)
    both = old.chip_fields and new.chip_fields
    for path in {**old.chip_fields, **new.chip_fields} if both else ():
        before, after = old.chip_fields.get(path), new.chip_fields.get(path)
        if before != after:
            note = " (follows from what was set)" if path in follows else ""
            found.append(Reason("chip", path, f"{path}: {field_change(before, after)}{note}"))
    found.sort(
        key=lambda cause: (
            cause.subject in follows,
            -moved.get(class_of_field(cause.subject), 0.0),
            cause.subject,
        )
    )
    if not found and old.provenance.get("chip_hash") != new.provenance.get("chip_hash"):
        found = [Reason("chip", "", "the chip is another one, in a field that is not listed")]
    return found


def _costs_that_follow(old: ResultSnapshot, new: ResultSnapshot) -> set[str]:
    """Costs that a law moved in one of the two, and that were set by hand in neither."""
    by_hand = {
        text.split("=", 1)[0].strip()
        for side in (old, new)
        for text in side.provenance.get("options", {}).get("set", ())
    }
    return (old.scaled_costs.keys() | new.scaled_costs.keys()) - by_hand


def field_change(before: str | None, after: str | None) -> str:
    """A field before and after; of a rate of which only one has a short text, the other also as a frequency.

    Examples
    --------
    >>> field_change("1.28 GHz", "833.333 ps"), field_change(None, "2")
    ('1.28 GHz -> 833.333 ps (1.200 GHz)', '(not given) -> 2')
    """
    texts = [before or "(not given)", after or "(not given)"]
    if sum(text.endswith("Hz") for text in texts) == 1:
        texts = [text if text.endswith("Hz") else _with_rate(text) for text in texts]
    return " -> ".join(texts)


def _with_rate(text: str) -> str:
    try:
        return f"{text} ({si(FS_PER_S / period_fs(text), 'Hz', digits=4)})"
    except UnitError:
        return text


def _options(old: ResultSnapshot, new: ResultSnapshot) -> list[Reason]:
    before, after = _flat(old.provenance.get("options", {})), _flat(new.provenance.get("options", {}))
    ignored = ("network", "chip", "set", "chips")  # seen better in what they changed
    return [
        Reason("options", name, f"option {name}: {before.get(name, '-')} -> {after.get(name, '-')}")
        for name in {**before, **after}
        if before.get(name) != after.get(name) and name not in ignored
    ]


def _flat(options: dict[str, Any]) -> dict[str, Any]:
    """Options of the mapping beside the others."""
    mapping = options.get("mapping", {})
    return {**{k: v for k, v in options.items() if k != "mapping"}, **mapping}


def _mapping(old: ResultSnapshot, new: ResultSnapshot) -> list[Reason]:
    """Layers that were placed in another way; none where one of the two does not list them."""
    found: list[Reason] = []
    if not old.layers or not new.layers:
        return found
    for name in old.layers:
        if name not in new.layers:
            continue
        before, after = old.layers[name], new.layers[name]
        keys = [key for key in ("unit", "replicas", "tiles") if before.get(key) != after.get(key)]
        if keys:
            parts = ", ".join(f"{key} {before.get(key)} -> {after.get(key)}" for key in keys)
            found.append(Reason("mapping", name, f"{name}: {parts}"))
    gone, come = (
        [n for n in old.layers if n not in new.layers],
        [n for n in new.layers if n not in old.layers],
    )
    if gone or come:
        found.append(Reason("mapping", "", f"{len(gone)} layers gone, {len(come)} new"))
    return found


def _program(old: ResultSnapshot, new: ResultSnapshot) -> list[Reason]:
    found = []
    before, after = old.provenance.get("version"), new.provenance.get("version")
    if before != after:
        found.append(Reason("version", "", f"ohmsum {before} -> {after}"))
    same = all(
        old.provenance.get(key) == new.provenance.get(key) for key in ("chip_hash", "network_hash", "options")
    )
    if same and old.provenance.get("program_hash") != new.provenance.get("program_hash"):
        text = "the same chip, network and options were lowered to another program: ohmsum itself changed"
        found.append(Reason("program", "", text))
    return found

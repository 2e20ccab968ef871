"""What differs between two snapshots, the largest difference first."""

from __future__ import annotations

from dataclasses import dataclass

from ...sim.figures import find
from .causes import Reason, causes
from .snapshot import Amounts, ResultSnapshot


@dataclass(frozen=True)
class Change:
    """One figure before and after; a part that is not there counts as 0.

    Parameters
    ----------
    name : str
    old, new : float
    """

    name: str
    old: float
    new: float

    @property
    def delta(self) -> float:
        """`new` - `old`."""
        return self.new - self.old

    @property
    def verdict(self) -> str:
        """ "better", "worse", or "" where neither has a meaning."""
        record = find(self.name)
        if record is None or record.better is None or self.new == self.old:
            return ""
        return "better" if (self.new < self.old) == (record.better == "less") else "worse"


@dataclass(frozen=True)
class Split:
    """Changes of the parts of one whole.

    Parameters
    ----------
    title : str
        "latency by layer".
    figure : str
        Key of the figure that every part is a part of.
    changes : tuple of Change
        Parts that changed, the largest change first; all parts add up to the change of the whole.
    """

    title: str
    figure: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, repr=False)
class Difference:
    """Everything that differs.

    Parameters
    ----------
    old, new : ResultSnapshot
    figures : tuple of Change
        Figures of the whole that both have, changed or not.
    splits : tuple of Split
        Those with changes.
    causes : tuple of Reason
        What was changed, the likeliest to matter first.
    """

    old: ResultSnapshot
    new: ResultSnapshot
    figures: tuple[Change, ...]
    splits: tuple[Split, ...]
    causes: tuple[Reason, ...]

    def __repr__(self) -> str:
        from .comparison_text import headline

        return f"<Difference: {headline(self)}>"

    @property
    def is_empty(self) -> bool:
        """Whether nothing that was measured differs."""
        return not self.splits and not self.alone and all(c.old == c.new for c in self.figures)

    @property
    def alone(self) -> tuple[str, ...]:
        """Figures that only one of them has."""
        old, new = self.old.figures, self.new.figures
        return tuple(name for name in {**old, **new} if (name in old) != (name in new))

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know about the comparison as such."""
        old, new = self.old, self.new
        schemas = f"results of other formats ({old.schema}, {new.schema}): compared on what both have"
        kinds = f"other kinds of answers ({old.kind}, {new.kind}): compared on what both have"
        told = (schemas if old.schema != new.schema else "", kinds if old.kind != new.kind else "")
        return tuple(filter(None, told))

    def split(self, title: str) -> Split | None:
        """The split with that title, if anything changed in it."""
        return next((split for split in self.splits if split.title == title), None)


SPLITS = (
    ("latency by layer", "latency_s", "latency_by_layer_s"),
    ("latency by class of resource", "latency_s", "latency_by_class_s"),
    ("energy by layer", "energy_j", "energy_by_layer_j"),
    ("energy by component", "energy_j", "energy_by_component_j"),
    ("area by part", "area_mm2", "area_by_part_mm2"),
    ("utilization by class of resource", "utilization.*", "utilization"),
)
"""Title, figure, and attribute of the snapshot."""


def difference(old: ResultSnapshot, new: ResultSnapshot) -> Difference:
    """Compare two snapshots."""
    splits = tuple(
        Split(title, figure, changes)
        for title, figure, name in SPLITS
        if (changes := _changes(getattr(old, name), getattr(new, name), together=old.schema == new.schema))
    )
    figures = tuple(Change(n, value, new.figures[n]) for n, value in old.figures.items() if n in new.figures)
    moved = {
        change.name: abs(change.delta)
        for split in splits
        if split.title == "latency by class of resource"
        for change in split.changes
    }
    return Difference(old, new, figures, splits, causes(old, new, moved))


def _changes(old: Amounts, new: Amounts, *, together: bool) -> tuple[Change, ...]:
    """Parts that changed; of formats that differ, a split that only one has is left out."""
    if not together and not (old and new):
        return ()
    found = [Change(name, old.get(name, 0.0), new.get(name, 0.0)) for name in {**old, **new}]
    changed = [change for change in found if change.old != change.new]
    return tuple(sorted(changed, key=lambda change: (-abs(change.delta), change.name)))

"""What a part of a chip is, as one record, and a part as it is in a certain chip."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from ..chip import Chip
from ..component import Costed

Boundary = Literal["array", "macro", "tile", "chip", "system"]
"""From the inside out; each holds everything before it."""
BOUNDARIES: tuple[Boundary, ...] = ("array", "macro", "tile", "chip", "system")

Kind = Literal["faster", "more", "larger"]

FACTORS: tuple[float, ...] = (1.1, 2.0, float("inf"))
"""Factors that a field can be turned by: 10 % better, twice as good, infinitely good."""


@dataclass(frozen=True)
class Turn:
    """One field of a part that can be made better alone: what `ohmsum profile` tries.

    Parameters
    ----------
    key : str
        Of the chip file.
    quantity : str
        What people call it ("rate").
    better : {"less", "more"}
    kind : {"faster", "more", "larger"}
    only_if_set : bool
        Left out where the field is zero.
    label : str
        The component, where it is not the label of the part ("host link").
    own_class : bool
        Whether time on the part's class of resources is what it changes.
    factors : tuple of float
    """

    key: str
    quantity: str
    better: Literal["less", "more"]
    kind: Kind = "faster"
    only_if_set: bool = False
    label: str = ""
    own_class: bool = True
    factors: tuple[float, ...] = FACTORS


Found = tuple[str, Costed, int]
"""Dotted path in the chip file, the part there, and its instances on one chip."""


def no_rate(chip: Chip, model: Costed) -> float | None:
    """Of parts whose actions have no highest rate."""
    return None


@dataclass(frozen=True, kw_only=True)
class Part:
    """One kind of part: everything that is said about it anywhere.

    Adding a part is adding a record (and a stage of the lowering where it behaves in a new way). Roll-up,
    static power, what-if, waterfall, causes of a difference, kinds of work, colours and tables read it.

    Parameters
    ----------
    key : str
        Its name in the energy balance. Of digital units: the beginning of it ("tile.").
    label : str
        As people say it ("ADC").
    path : str
        Where it stands in a chip file; of units the list.
    find : callable
        All of them in a chip.
    boundary : str
        The innermost boundary that holds it.
    colour : str
        On pages; "" is taken from a row of spare ones.
    klass : str
        Class of the resource that it is or works together with; "" if none. Of units: their name.
    action : str
        What `energy` is spent for, in the roll-up.
    energy : callable
        Of one action, joules.
    rate : callable
        Most actions per second of one instance.
    keys : tuple of str
        Fields that it stands for, where several parts share a path; the rest if empty.
    kind_of_work : str
        Of the time and energy spent in it, whatever operator asks for it; "" is that of the operator.
    on_chip : callable
        Whether area and power of it belong to one chip, and so to the roll-up.
    of_system : callable
        Whether all chips share it.
    turns : tuple of Turn
    turned : callable
        Whether they do anything in a chip.
    """

    key: str
    label: str
    path: str
    find: Callable[[Chip], Iterable[Found]]
    boundary: Boundary
    colour: str = ""
    klass: str = ""
    action: str = ""
    energy: Callable[[Chip, Costed], float | None] = no_rate
    rate: Callable[[Chip, Costed], float | None] = no_rate
    keys: tuple[str, ...] = ()
    kind_of_work: str = ""
    on_chip: Callable[[Costed], bool] = lambda model: True
    of_system: Callable[[Chip], bool] = lambda chip: False
    turns: tuple[Turn, ...] = ()
    turned: Callable[[Chip], bool] = lambda chip: True


@dataclass(frozen=True)
class Fitted:
    """A part as it is in a chip.

    Parameters
    ----------
    part : Part
    key, label, klass : str
        Those of the record; of a unit with its name.
    path : str
        Dotted path in the chip file.
    model : Costed
        Its fields.
    count : int
        Instances on one chip.
    """

    part: Part
    key: str
    label: str
    klass: str
    path: str
    model: Costed
    count: int

    def instances(self, chip: Chip) -> int:
        """Instances on all chips together."""
        return self.count * (1 if self.part.of_system(chip) else chip.n_chips)

    def energy_j(self, chip: Chip) -> float | None:
        """Energy of one action; None if the file gives none."""
        return self.part.energy(chip, self.model)

    def busy_w(self, chip: Chip) -> float | None:
        """Power of one instance that does its action as fast as it can, by its energy; None if unknown."""
        energy, rate = self.energy_j(chip), self.part.rate(chip, self.model)
        return None if energy is None or rate is None else energy * rate

    def active_w(self, chip: Chip) -> float | None:
        """Dynamic power of one busy instance: as the file gives it, else by its energy; None if unknown."""
        return self.model.power_w if self.model.power_w is not None else self.busy_w(chip)

    def peak_w(self, chip: Chip) -> float | None:
        """Dynamic and static power of one instance; None if neither is known."""
        active = self.active_w(chip)
        if active is None:
            return self.model.static_power_w
        return active + (self.model.static_power_w or 0.0)

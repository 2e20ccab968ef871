"""What a field of the question is to people: its help, its flag, its other names, what it does not go with.

The models of `sim.job` and `MappingOptions` have one with each field; everything that takes a question from
somebody (the command line, a suite, a sweep, a Python call) and the reference read it there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class Asked:
    """One field, as people are told of it.

    Parameters
    ----------
    help : str
        What it says, in a sentence.
    shown : str
        What stands for its value in a help text ("N"); nothing for a switch.
    name : str
        Where it is not the name of the field; what suites, sweeps and Python calls say.
    flag : str
        On the command line, where it is not the name with dashes.
    turns_off : bool
        The flag makes it false, as ``--no-host`` does.
    aliases : tuple of str
        Other names under which suites, sweeps and Python calls know it.
    example : str
        A value, for messages.
    needs : tuple of str
        Names of which one must be there, too.
    not_with : mapping of str to str
        Names that must not be there, each with the reason ("" where it goes without saying).
    """

    help: str
    shown: str = ""
    name: str = ""
    flag: str = ""
    turns_off: bool = False
    aliases: tuple[str, ...] = ()
    example: str = ""
    needs: tuple[str, ...] = ()
    not_with: Mapping[str, str] = field(default_factory=dict)

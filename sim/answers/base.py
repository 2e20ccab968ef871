"""What every answer can do: give its figures, and show itself as JSON, text, a page or tables."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from ..figures import Kind, Number, of_answer, value

if TYPE_CHECKING:
    from collections.abc import Mapping as Dict

    from pandas import DataFrame

    from ...arch.chip import Chip
    from ...workloads.graph import Network
    from ..report.page import Page


class Answer(ABC):
    """What came out of simulating one question.

    The methods that show it import `sim.report` when they are called: a script that reads figures loads none
    of it.

    Attributes
    ----------
    kind : {"inference", "training", "generation", "serving"}
    headline : tuple of str
        Keys of the figures that stand for the answer in one line.
    chip : Chip
    options : dict
        Everything else that it depends on, for the provenance; JSON values.
    """

    kind: ClassVar[Kind]
    headline: ClassVar[tuple[str, ...]]
    chip: Chip
    options: Dict[str, Any]

    @property
    @abstractmethod
    def source(self) -> Network:
        """The network that was given."""

    @property
    def network_name(self) -> str:
        """Name of the network."""
        return self.source.name

    @property
    def title(self) -> str:
        """Network and chip: "resnet18 on 4 x isaac"."""
        copies = f"{self.chip.n_chips} x " if self.chip.n_chips > 1 else ""
        return f"{self.network_name} on {copies}{self.chip.name}"

    @cached_property
    def figures(self) -> dict[str, Number]:
        """All numbers of the whole that are known, by key (`sim.figures`): ``figures["latency_s"]``."""
        return of_answer(self)

    def figure(self, name: str) -> Number | None:
        """One figure, of the whole or of a part, as suites name it: ``layers.conv1.energy_j``; None if there
        is none.
        """
        return value(self, name)

    def to_json(self) -> dict[str, Any]:
        """The answer as one JSON object; `sim.report.json_result` documents its keys."""
        from ..report.json_result import to_json

        return to_json(self)

    def to_html(self) -> str:
        """The answer as one HTML page that needs no server and no network."""
        from ..report.html import to_html

        return to_html(self)

    def report(self, page: Page | None = None) -> str:
        """The answer as text, as `ohmsum run` prints it; on 100 plain characters if no page is given."""
        from ..report.page import Page
        from ..report.terminal import as_text
        from ..report.text import report

        chosen = page or Page()
        return as_text(report(self, chosen), chosen.width)

    def to_pandas(self, table: str | None = None) -> DataFrame:
        """One table of the answer as a pandas DataFrame (needs pandas: ``pip install 'ohmsum[arrow]'``).

        Parameters
        ----------
        table : str, optional
            One of `sim.report.frames.TABLES` of this kind of answers; the first of them if not given (the
            layers of a run).

        Raises
        ------
        SimulationError
            There is no such table.
        """
        from ..extras import need
        from ..report.frames import columns

        frame: DataFrame = need("to_pandas", "pandas", "arrow").DataFrame(columns(self, table))
        return frame

    def __repr__(self) -> str:
        """One line: what ran and the figures of the headline."""
        from ..report.heading import headline

        return f"<{type(self).__name__} {self.title}: {', '.join(headline(self))}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the figures of the headline and one picture."""
        from ..report.picture import notebook_html

        return notebook_html(self)

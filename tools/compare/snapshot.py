"""What a comparison needs of a result, split so that the parts add up to the whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ...sim.figures import of_result
from ...sim.report.json_result import SCHEMA
from ..errors import UsageError

Amounts = dict[str, float]
PLACE = ("op", "unit", "tiles", "replicas")
"""Where a layer ran."""


@dataclass(frozen=True)
class ResultSnapshot:
    """One result, reduced.

    Parameters
    ----------
    network, chip : str
    batch : int
    figures : dict of str to float
        Figures of the whole that are known.
    latency_by_layer_s, latency_by_class_s : dict of str to float
        The critical path; each adds up to the latency, of a language model to that of its phases.
    energy_by_layer_j, energy_by_component_j : dict of str to float
        Each adds up to the energy.
    area_by_part_mm2 : dict of str to float
        Of one chip.
    utilization : dict of str to float
        By class of resource.
    layers : dict of str to dict
        Where each layer ran: op, unit, tiles, replicas.
    chip_fields : dict of str to str
        Every field of the chip.
    provenance : dict
    schema : str
        Name and version of the format that it was read from.
    kind : str
        Of the answer.
    scaled_costs : dict of str to str
        Costs that nobody set, which moved with fields that were changed, and how.
    """

    network: str
    chip: str
    batch: int
    figures: Amounts
    latency_by_layer_s: Amounts
    latency_by_class_s: Amounts
    energy_by_layer_j: Amounts
    energy_by_component_j: Amounts
    area_by_part_mm2: Amounts
    utilization: Amounts
    layers: dict[str, dict[str, Any]]
    chip_fields: dict[str, str]
    provenance: dict[str, Any]
    schema: str = SCHEMA
    kind: str = "inference"
    scaled_costs: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def of(result: Mapping[str, Any]) -> ResultSnapshot:
        """The snapshot of a result object (`sim.report.json_result`); what it does not have is empty."""
        path, layers = result.get("critical_path_summary", {}), result.get("layers", [])
        return ResultSnapshot(
            network=result["network"]["name"],
            chip=result["chip"]["name"],
            batch=result.get("batch", result.get("sequences", result.get("most_running", 1))),
            figures=of_result(result),
            latency_by_layer_s=path.get("by_layer_s", {}),
            latency_by_class_s=path.get("by_class_s", {}),
            energy_by_layer_j=result.get("energy_by_layer_j")
            or {layer["name"]: layer["energy_j"] for layer in layers},
            energy_by_component_j=result.get("energy_by_component_j", {}),
            area_by_part_mm2=result.get("area_by_part_mm2", {}),
            utilization=result.get("utilization", {}),
            layers={layer["name"]: {key: layer.get(key) for key in PLACE} for layer in layers},
            chip_fields=result.get("chip_fields", {}),
            provenance=json.loads(json.dumps(result["provenance"])),  # as it will be when it is read back
            schema=result["schema"],
            kind=result.get("kind", "inference"),
            scaled_costs=result["chip"].get("scaled_costs") or {},
        )

    def to_json(self) -> dict[str, Any]:
        """As plain dicts, for a golden file."""
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any], where: str) -> ResultSnapshot:
        """Inverse of `to_json`; `where` names the file and case in messages."""
        try:
            return ResultSnapshot(**value)
        except TypeError:
            raise UsageError(f"{where}: damaged, not what this program wrote") from None

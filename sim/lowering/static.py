"""What every part draws all the time, used or not."""

from __future__ import annotations

from ...arch.component import Idling
from ...arch.parts import fitted
from .context import Context


def static_power(context: Context) -> None:
    """Enter the static power of all instances of all parts of all chips, but those whose power is gated."""
    chip = context.chip
    for part in fitted(chip):
        gated = isinstance(part.model, Idling) and part.model.gating == "power"
        if part.model.static_power_w and not gated and not part.part.keys:
            context.builder.static_power(part.key, part.model.static_power_w * part.instances(chip))

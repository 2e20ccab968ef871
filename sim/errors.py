"""Errors of mapping and simulation."""


class SimulationError(RuntimeError):
    """A network that cannot be mapped or run on a chip; the message says why in one or two lines."""


class DeadlockError(SimulationError):
    """Actors wait for each other for ever; the message names the cycle of waiting actors."""

"""Language models over time: prompts, decoded tokens, and requests that are served together.

Reading order: `phases` (a network of the template, mapped and run), `generate` (a prompt and then its
tokens), `serving` (requests over time, scheduled iteration by iteration) with `scheduler` and `step_times`.
What comes out are answers (`sim.answers`).
"""

from ..answers.generation import Generation
from .generate import generate

__all__ = ["Generation", "generate"]

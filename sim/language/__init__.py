"""Language models over time: prompts, decoded tokens, and requests that are served together.

Reading order: `phases` (a network of the template, mapped and run), `generate` (a prompt and then its
tokens), `work` (kinds of work and their shares), `traffic` (the cache of keys and values), `serving`
(requests over time, scheduled iteration by iteration) with `step_times`, `report` and `as_json`.
"""

from .generate import Generation, generate

__all__ = ["Generation", "generate"]

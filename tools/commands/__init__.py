"""The subcommands of `ohmsum`, one per file; each is thin: arguments in, one call, output."""

from __future__ import annotations

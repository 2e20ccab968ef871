"""What every component must do, as checks that the author of one outside this package can run."""

from __future__ import annotations

"""`ohmsum check`: a suite of runs whose figures are held against golden ones."""

from __future__ import annotations

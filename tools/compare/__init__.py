"""`ohmsum compare`: what differs between two results, split over layers and components, and why."""

from __future__ import annotations

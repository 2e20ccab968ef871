"""A run as one HTML page that needs nothing else: no server, no network, no other file.

Reading order: `activity`, `floorplan`, `roofline` (what a run says, as arrays and lists), `payload` (all of
it in one container), `page` (the page around it). What the page does with it is in ``static/``: one
JavaScript file per view, and Apache ECharts (``echarts.min.js``, version 6.1.0 as published, with its licence
beside it) for axes, zoom and pointers.
"""

from __future__ import annotations

from .page import html_report

__all__ = ["html_report"]

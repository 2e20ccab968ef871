"""A small plot in characters: latency over offered load."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH, HEIGHT = 60, 12


def plot(points: Sequence[tuple[float, float]], x_title: str, y_title: str) -> str:
    """Points (x, y) on axes from 0; `y` is cut where it passes four times the smallest.

    Examples
    --------
    >>> print(plot([(0.1, 10), (0.2, 12)], "load", "cycles").splitlines()[0])
      cycles
    """
    top = min(max(y for _, y in points), 4 * min(y for _, y in points)) * 1.05
    right = max(x for x, _ in points)
    rows = [[" "] * (WIDTH + 1) for _ in range(HEIGHT)]
    for x, y in points:
        level = min(HEIGHT - 1, int(y / top * HEIGHT))
        rows[HEIGHT - 1 - level][round(x / right * WIDTH)] = "*" if y <= top else "^"
    labels = {0: f"{top:8.1f} ", HEIGHT - 1: f"{0:8d} "}
    lines = [f"  {y_title}"]
    lines += [f"{labels.get(i, ' ' * 9)}|{''.join(row)}".rstrip() for i, row in enumerate(rows)]
    lines.append(" " * 9 + "+" + "-" * (WIDTH + 1))
    end = f"{right:g} {x_title}"
    lines.append(" " * 10 + "0" + end.rjust(WIDTH))
    return "\n".join(lines)

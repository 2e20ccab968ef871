"""Small random changes of texts and bytes, by a seed: what a slip of the hand or a damaged disk does."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

EXTREME = [
    "0", "-1", "1", "1e308", "-1e-300", "nan", ".inf", "1e400", "9" * 40, "2147483648", "null", "true",
    "''", "[]", "{}", "[1, 2", '"', "\\ud800", "é☃", "\t", "0 nm", "1e30 J", "-4 KiB", "1e-30 Hz", "3 apples",
    "=1+1", "../../etc/passwd", "a" * 3000, "{model: adc-survey}", "{model: none}", "1x1x1", "-", "*a",
    "&a x", "<<",
]  # fmt: skip
"""Values that are wrong, or hardly right, wherever they are put."""


def mutated_text(text: str, draw: random.Random, others: Sequence[str] = ()) -> str:
    """A text after one to four changes: of a value, a word, a line, a character; or lines of another text."""
    for _ in range(draw.choice([1, 1, 1, 2, 3, 4])):
        text = draw.choice(_TEXT_CHANGES)(text, draw)
        if others and draw.random() < 0.1:
            lines = draw.choice(others).splitlines(keepends=True)
            at = draw.randrange(len(lines) + 1)
            text += "".join(lines[at : at + 3])
    return text


def _value(text: str, draw: random.Random) -> str:
    found = list(re.finditer(r"(?<=: )[^\n{}\[\],]+", text))
    if not found:
        return text
    at = draw.choice(found)
    return text[: at.start()] + draw.choice(EXTREME) + text[at.end() :]


def _number(text: str, draw: random.Random) -> str:
    found = list(re.finditer(r"\d+(\.\d+)?", text))
    if not found:
        return text
    at = draw.choice(found)
    scale = draw.choice([0, -1, 0.5, 2, 3, 1e-9, 1e3, 1e9, 1e18])
    number = float(at[0]) * scale
    return text[: at.start()] + f"{number:.12g}" + text[at.end() :]


def _word(text: str, draw: random.Random) -> str:
    found = list(re.finditer(r"[A-Za-z_]{3,}", text))
    if len(found) < 2:
        return text
    at, other = draw.choice(found), draw.choice(found)
    return text[: at.start()] + other[0] + text[at.end() :]


def _line(text: str, draw: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    if not lines:
        return text
    at, to = draw.randrange(len(lines)), draw.randrange(len(lines) + 1)
    line = lines[at]
    return "".join(
        draw.choice(
            [
                [*lines[:at], *lines[at + 1 :]],
                [*lines[:to], line, *lines[to:]],
                [*lines[:at], " " * draw.randint(1, 4) + line, *lines[at + 1 :]],
                [*lines[:at], line.lstrip(), *lines[at + 1 :]],
            ]
        )
    )


def _character(text: str, draw: random.Random) -> str:
    at = draw.randrange(len(text) + 1)
    return text[:at] + draw.choice([*"{}[]:,#&*!|>'\"%@`\\-\n\t \0\x07\ufeff\u2028", ""]) + text[at + 1 :]


_TEXT_CHANGES: list[Callable[[str, random.Random], str]] = [_value, _value, _number, _word, _line, _character]


def mutated_bytes(data: bytes, draw: random.Random) -> bytes:
    """Bytes after one to eight changes: flipped, cut, doubled, replaced by zeros or by an extreme number."""
    made = bytearray(data)
    for _ in range(draw.choice([1, 1, 1, 2, 4, 8])):
        if not made:
            break
        at = draw.randrange(len(made))
        n = draw.choice([1, 1, 1, 2, 4, 16])
        match draw.randrange(6):
            case 0:
                made[at] ^= 1 << draw.randrange(8)
            case 1:
                del made[at : at + n]
            case 2:
                made[at:at] = made[at : at + n]
            case 3:
                made[at : at + n] = bytes(len(made[at : at + n]))
            case 4:
                made[at : at + n] = draw.choice(
                    [b"\xff", b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", b"\x7f"]
                )
            case _:
                made[at] = draw.randrange(256)
    if draw.random() < 0.05:
        del made[draw.randrange(len(made) + 1) :]
    return bytes(made)

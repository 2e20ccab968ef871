"""Damaged programs of torch.export: archives whose bytes, members or program texts have been changed."""

from __future__ import annotations

import io
import json
import random
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import torch
from ohmsum.workloads.torch_import.translate import quiet
from torch import nn

from .kinds import CHIPS
from .mutations import mutated_bytes

WORDS = ["", "x", "torch.ops.aten.relu.default", "torch.ops.aten.bmm.default", "linear", "weight", "as_none"]


@cache
def programs() -> list[bytes]:
    """Archives of small programs."""
    networks: list[tuple[nn.Module, tuple[torch.Tensor, ...]]] = [
        (nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2)), (torch.zeros(1, 6),)),
        (nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten()), (torch.zeros(1, 2, 5, 5),)),
    ]
    made = []
    for module, example in networks:
        buffer = io.BytesIO()
        with quiet():
            torch.export.save(torch.export.export(module.eval(), example), buffer)
        made.append(buffer.getvalue())
    return made


def an_archive(folder: Path, draw: random.Random) -> list[str]:
    data = draw.choice(programs())
    made = mutated_bytes(data, draw) if draw.random() < 0.3 else _repacked(data, draw)
    file = folder / "network.pt2"
    file.write_bytes(made)
    return ["run", str(file), "--chip", draw.choice(CHIPS)]


def _repacked(data: bytes, draw: random.Random) -> bytes:
    """A whole archive, one of whose members has been changed, left out, renamed or doubled."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w") as new:
        names = old.namelist()
        chosen = draw.choice([name for name in names if name.endswith(".json")] * 3 + names)
        how = draw.randrange(8)
        for name in names:
            content = old.read(name)
            if name == chosen:
                match how:
                    case 0:
                        continue
                    case 1:
                        name = draw.choice([f"{name}x", draw.choice(names), "../out", "/abs", "a/b"])
                    case 2:
                        content = mutated_bytes(content, draw)
                    case _ if name.endswith(".json"):
                        content = _changed_json(content, draw)
                    case _:
                        content = mutated_bytes(content, draw)
            new.writestr(name, content)
    return made.getvalue()


def _changed_json(content: bytes, draw: random.Random) -> bytes:
    """The text with one to three values of it changed."""
    value = json.loads(content)
    for _ in range(draw.randint(1, 3)):
        places = list(_places(value))
        if not places:
            break
        holder, key = draw.choice(places)
        _change(holder, key, draw)
    return json.dumps(value).encode()


def _places(value: Any) -> Any:
    """Every (container, key) inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield value, key
        yield from _places(item)


def _change(holder: Any, key: Any, draw: random.Random) -> None:
    item = holder[key]
    match draw.randrange(5):
        case 0:
            del holder[key]
        case 1 if isinstance(item, int):
            holder[key] = draw.choice([0, -1, 1, 3, 7, 2**31, 2**40, 2**62, 10**30])
        case 2 if isinstance(item, str):
            holder[key] = draw.choice([*WORDS, item[:-1], item + "0"])
        case 3 if isinstance(holder, list):
            holder.append(item)
        case _:
            holder[key] = draw.choice([None, 0, -1, "", "x", [], {}, 1.5, True, 2**40])

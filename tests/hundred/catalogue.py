"""A hundred networks of torchvision, timm and transformers, small and with random weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Case:
    """A network, and how to make it with an example of its inputs."""

    name: str
    make: Callable[[], tuple[nn.Module, tuple[Tensor, ...]]]


class First(nn.Module):
    """The first tensor of what a module returns; a second input is the mask of a text."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        found = self.module(x) if mask is None else self.module(x, attention_mask=mask)
        while not isinstance(found, Tensor):
            found = next(iter(found.values())) if isinstance(found, dict) else found[0]
        return found


def images(size: int = 32, channels: int = 3) -> tuple[Tensor, ...]:
    """One image."""
    return (torch.randn(1, channels, size, size),)


TORCHVISION: dict[str, tuple[Callable[[Any], nn.Module], int]] = {
    "resnet18, one block a stage": (lambda m: m.resnet.ResNet(m.resnet.BasicBlock, [1, 1, 1, 1]), 32),
    "resnext, one block a stage": (
        lambda m: m.resnet.ResNet(m.resnet.Bottleneck, [1, 1, 1, 1], groups=4, width_per_group=4), 32),
    "densenet": (lambda m: m.DenseNet(8, (2, 2, 2, 2), 16), 32),
    "squeezenet1_0": (lambda m: m.squeezenet1_0(), 48),
    "squeezenet1_1": (lambda m: m.squeezenet1_1(), 48),
    "shufflenet_v2_x0_5": (lambda m: m.shufflenet_v2_x0_5(), 32),
    "mobilenet_v2": (lambda m: m.mobilenet_v2(width_mult=0.25), 32),
    "mobilenet_v3_small": (lambda m: m.mobilenet_v3_small(width_mult=0.5), 32),
    "mnasnet0_5": (lambda m: m.mnasnet0_5(), 32),
    "vision_transformer": (lambda m: m.VisionTransformer(32, 8, 2, 2, 32, 64), 32),
    "swin": (lambda m: m.SwinTransformer([4, 4], 24, [1, 1], [2, 4], [4, 4]), 32),
    "swin_v2": (lambda m: m.SwinTransformer(
        [4, 4], 24, [1, 1], [2, 4], [4, 4], block=m.swin_transformer.SwinTransformerBlockV2,
        downsample_layer=m.swin_transformer.PatchMergingV2), 32),
    "convnext": (lambda m: m.ConvNeXt(
        [m.convnext.CNBlockConfig(16, 32, 1), m.convnext.CNBlockConfig(32, None, 1)]), 32),
    "maxvit": (lambda m: m.MaxVit((32, 32), 16, 4, [16, 16], [1, 1], 8, 0.0), 32),
}  # fmt: skip

TIMM = {
    "test_vit": 160, "test_vit2": 64, "test_vit3": 96, "test_resnet": 32, "test_efficientnet": 32,
    "test_efficientnet_gn": 32, "test_efficientnet_ln": 32, "test_efficientnet_evos": 32, "test_convnext": 32,
    "test_convnext2": 32, "test_byobnet": 32, "test_mambaout": 32, "test_nfnet": 32, "lcnet_035": 32,
    "mobilenetv2_035": 32, "mobilenetv3_small_050": 32, "tinynet_e": 32, "mnasnet_small": 32,
    "semnasnet_050": 32, "ghostnet_050": 32, "ghostnetv2_100": 64, "repghostnet_050": 32, "mobileone_s0": 32,
    "mobilevit_xxs": 64, "mobilevitv2_050": 64, "edgenext_xx_small": 64, "efficientvit_b0": 64,
    "efficientvit_m0": 64, "repvgg_a0": 32, "regnetx_002": 32, "regnety_002": 32, "resnet10t": 32,
    "convnext_atto": 32, "convnextv2_atto": 32, "deit_tiny_patch16_224": 224, "fasternet_t0": 32,
    "starnet_s1": 32, "shvit_s1": 64, "levit_128s": 224, "pit_ti_224": 224, "resmlp_12_224": 224,
    "gmlp_ti16_224": 224, "xcit_nano_12_p16_224": 64, "hardcorenas_a": 32, "fbnetc_100": 32,
    "botnet26t_256": 64,
}  # fmt: skip

SMALL = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
    "vocab_size": 99, "max_position_embeddings": 40,
}  # fmt: skip
GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 99, "n_positions": 40}
GROUPED = SMALL | {"num_key_value_heads": 2, "head_dim": 8, "pad_token_id": 0}
VISION = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
    "image_size": 32, "patch_size": 8,
}  # fmt: skip
TEXTS: dict[str, dict[str, Any]] = {
    "Bert": SMALL, "Roberta": SMALL, "Albert": SMALL | {"embedding_size": 16}, "Electra": SMALL,
    "MPNet": SMALL, "DebertaV2": SMALL | {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
    "SqueezeBert": SMALL | {"embedding_size": 32}, "ConvBert": SMALL, "FNet": SMALL, "RoFormer": SMALL,
    "MobileBert": SMALL | {"embedding_size": 16, "intra_bottleneck_size": 16}, "Nystromformer": SMALL,
    "DistilBert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64, "vocab_size": 99},
    "ModernBert": SMALL | {"pad_token_id": 0}, "XLMRoberta": SMALL, "MegatronBert": SMALL,
    "GPT2": GPT, "GPTNeoX": SMALL, "GPTJ": GPT | {"rotary_dim": 4},
    "OPT": SMALL | {"ffn_dim": 64, "word_embed_proj_dim": 32},
    "GPTNeo": SMALL | {"num_layers": 2, "num_heads": 4, "attention_types": [[["global", "local"], 1]]},
    "Bloom": SMALL | {"n_layer": 2, "n_head": 4}, "Llama": GROUPED, "Mistral": GROUPED, "Qwen2": GROUPED,
    "Qwen3": GROUPED, "Gemma": GROUPED, "Gemma2": GROUPED, "Phi": SMALL, "Olmo": GROUPED, "StableLm": GROUPED,
    "Falcon": SMALL, "Starcoder2": GROUPED,
}  # fmt: skip
PICTURES: dict[str, dict[str, Any]] = {
    "ViT": VISION, "DeiT": VISION, "Dinov2": VISION, "ViTMSN": VISION,
    "ResNet": {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]},
    "ConvNext": {"hidden_sizes": [8, 16], "depths": [1, 1], "num_stages": 2},
    "PoolFormer": {"hidden_sizes": [8, 16, 16, 16], "depths": [1, 1, 1, 1]},
}  # fmt: skip


def _torchvision(key: str) -> tuple[nn.Module, tuple[Tensor, ...]]:
    models = import_module("torchvision").models

    make, size = TORCHVISION[key]
    return make(models), images(size)


def _timm(key: str) -> tuple[nn.Module, tuple[Tensor, ...]]:
    return import_module("timm").create_model(key), images(TIMM[key])


def _transformers(key: str) -> tuple[nn.Module, tuple[Tensor, ...]]:
    transformers = import_module("transformers")

    config = getattr(transformers, f"{key}Config")(
        **(TEXTS | PICTURES)[key], attn_implementation="eager", use_cache=False, return_dict=False
    )
    module = getattr(transformers, f"{key}Model")(config)
    if key in PICTURES:
        return First(module), images()
    return First(module), (torch.randint(1, 99, (1, 12)), torch.ones(1, 12, dtype=torch.int64))


def cases() -> Iterator[Case]:
    """The hundred."""
    for source, keys, make in (
        ("torchvision", TORCHVISION, _torchvision),
        ("transformers", TEXTS | PICTURES, _transformers),
        ("timm", TIMM, _timm),
    ):
        for key in keys:
            yield Case(f"{source} {key}", partial(make, key))

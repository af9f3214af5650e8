"""MobileNeXt in PyTorch: a backbone of *sandglass* blocks, as in the paper and as in the authors' code.

Source: "Rethinking Bottleneck Structure for Efficient Mobile Network Design" (arXiv 2007.02269, ECCV 2020) and the code
its authors released (``mobilenext/codebase/models/mnext.py``). The two differ; both are here:

* ``"paper"``: every block has all four layers, and the bottleneck is ``C_in // t`` wide.
* ``"official"``: the released network. Narrow bottlenecks are widened, and blocks that change the number of channels
  drop depthwise layers (see :class:`Sandglass`). Its layers come in the same order, so released weights load by
  position.

A network is a :class:`Config`: variant, stage table, first stride, width. The small network for 32 x 32 images is
:func:`mobilenext_cifar`, a configuration and no copy.

>>> net = mobilenext()                        # doctest: +SKIP
>>> net(torch.zeros(1, 3, 224, 224)).shape    # doctest: +SKIP
torch.Size([1, 1000])
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from pith.models.blocks import he_fan_out

Variant = Literal["paper", "official"]


class Stage(NamedTuple):
    """A line of the stage table: ``n`` blocks of ``c`` output channels, reduction ``t``; the first has stride ``s``."""

    t: int
    c: int
    n: int
    s: int


IMAGENET_STAGES: tuple[Stage, ...] = (
    Stage(2, 96, 1, 2),
    Stage(6, 144, 1, 1),
    Stage(6, 192, 3, 2),
    Stage(6, 288, 3, 2),
    Stage(6, 384, 4, 1),
    Stage(6, 576, 4, 2),
    Stage(6, 960, 3, 1),
    Stage(6, 1280, 1, 1),
)
"""The table of the paper (width 1.0): twenty blocks, 224 x 224 in, 7 x 7 x 1280 out."""


@dataclass(frozen=True)
class Config:
    """Everything that says which MobileNeXt is meant.

    Attributes:
        variant: ``"paper"`` or ``"official"``.
        stages: the stage table, at width 1.0.
        stem_channels: channels of the first convolution, at width 1.0.
        stem_stride: stride of the first convolution (2 for photographs, 1 for 32 x 32 images).
        width: width multiplier; every channel count becomes ``make_divisible(c * width, 8)``.
        keep_last: the last stage keeps its width when ``width < 1`` (the classifier sees as many features as at 1.0).
        identity: identity tensor multiplier alpha in (0, 1]: just the first ``alpha * C`` channels of a block's input
            are added.
        num_classes: outputs of the classifier.
        in_channels: channels of the image.
        dropout: before the classifier, in training.
    """

    variant: Variant = "official"
    stages: tuple[Stage, ...] = IMAGENET_STAGES
    stem_channels: int = 32
    stem_stride: int = 2
    width: float = 1.0
    keep_last: bool = True
    identity: float = 1.0
    num_classes: int = 1000
    in_channels: int = 3
    dropout: float = 0.2

    def __post_init__(self) -> None:
        """Refuses values that describe no network."""
        if self.variant not in ("paper", "official"):
            raise ValueError(f"variant is 'paper' or 'official', not {self.variant!r}")
        if not 0.0 < self.identity <= 1.0:
            raise ValueError(f"the identity tensor multiplier is a fraction in (0, 1], not {self.identity}")
        if self.width <= 0.0 or not self.stages:
            raise ValueError("width must be positive and the stage table must not be empty")
        if any(stage.s not in (1, 2) or stage.n < 1 or stage.t < 1 for stage in self.stages):
            raise ValueError("a stage needs t >= 1, n >= 1 and a stride of 1 or 2")


def make_divisible(value: float, divisor: int = 8) -> int:
    """The multiple of ``divisor`` nearest to ``value``, at least ``divisor`` and never more than 10 % below ``value``.

    >>> make_divisible(32 * 0.35), make_divisible(96 * 0.75), make_divisible(17, 16)
    (16, 72, 16)
    """
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


def hidden_channels(inputs: int, outputs: int, reduction: int, variant: Variant) -> int:
    """Width of the bottleneck: ``inputs // reduction``; the released code has at least about a sixth of ``outputs``."""
    hidden = inputs // reduction
    if variant == "official" and hidden < outputs / 6:
        hidden = make_divisible(math.ceil(outputs / 6), 16)
    return hidden


def _conv_bn(
    inputs: int, outputs: int, *, kernel: int = 1, stride: int = 1, groups: int = 1, act: bool = False
) -> list[nn.Module]:
    """Convolution without bias, batch normalisation, and ReLU6 where ``act``."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    layers: list[nn.Module] = [conv, nn.BatchNorm2d(outputs)]
    return [*layers, nn.ReLU6(inplace=True)] if act else layers


class Sandglass(nn.Module):
    """One block, ``(N, C_in, H, W) -> (N, C_out, H / s, W / s)``: wide, narrow, wide.

    === ================================ ======================= ==================
    1   depthwise 3x3, stride 1          C_in -> C_in            BN, ReLU6
    2   pointwise (reduce)               C_in -> C_in / t        BN, linear
    3   pointwise (expand)               C_in / t -> C_out       BN, ReLU6
    4   depthwise 3x3, **stride s**      C_out -> C_out          BN, linear
    +   identity, if s = 1, C_in = C_out first alpha * C channels nothing after it
    === ================================ ======================= ==================

    The released code departs from this in three ways (``variant="official"``):

    * C_in != C_out, s = 1: layers 1 and 4 are dropped (the block ends in ReLU6);
    * C_in != C_out, s = 2: layer 1 is dropped;
    * but not in the block with t = 2, nor in the only block of a stage of stride 1, which have all four layers and no
      identity.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        stride: int,
        reduction: int,
        variant: Variant,
        only: bool = False,
        identity: float = 1.0,
    ) -> None:
        """``only`` says that this is the single block of its stage; ``identity`` is the multiplier alpha."""
        super().__init__()
        hidden = hidden_channels(inputs, outputs, reduction, variant)
        same = stride == 1 and inputs == outputs
        whole = variant == "paper" or reduction == 2 or (only and stride == 1) or inputs == outputs
        if variant == "official" and (reduction == 2 or (only and stride == 1)):
            same = False
        layers: list[nn.Module] = []
        if whole:
            layers += _conv_bn(inputs, inputs, kernel=3, groups=inputs, act=True)
        layers += _conv_bn(inputs, hidden)
        layers += _conv_bn(hidden, outputs, act=True)
        if whole or stride == 2:
            layers += _conv_bn(outputs, outputs, kernel=3, stride=stride, groups=outputs)
        self.conv = nn.Sequential(*layers)
        self.kept = max(1, int(inputs * identity + 1e-6)) if same else 0
        """How many of the input's channels the identity path adds; 0: no identity path."""
        self.partial = same and self.kept < inputs

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C_in, H, W) -> (N, C_out, H / s, W / s)``."""
        y = self.conv(x)
        if self.partial:
            return torch.cat((y[:, : self.kept] + x[:, : self.kept], y[:, self.kept :]), dim=1)
        return x + y if self.kept else y


class MobileNeXt(nn.Module):
    """Stem, sandglass blocks, mean over the picture, dropout, one fully connected layer: ``(N, 3, H, W) -> (N,
    classes)``.

    There is no 1x1 convolution before the mean: the last block's output is what the classifier sees.
    """

    def __init__(self, config: Config) -> None:
        """Builds the network that ``config`` describes, with random weights (He normal over the fan-out)."""
        super().__init__()
        self.config = config
        channels = make_divisible(config.stem_channels * config.width)
        stem = _conv_bn(config.in_channels, channels, kernel=3, stride=config.stem_stride, act=True)
        features: list[nn.Module] = [nn.Sequential(*stem)]
        for index, stage in enumerate(config.stages):
            outputs = make_divisible(stage.c * config.width)
            if config.keep_last and config.width < 1 and index == len(config.stages) - 1:
                outputs = stage.c
            for repeat in range(stage.n):
                features.append(
                    Sandglass(
                        channels,
                        outputs,
                        stride=stage.s if repeat == 0 else 1,
                        reduction=stage.t,
                        variant=config.variant,
                        only=stage.n == 1,
                        identity=config.identity,
                    )
                )
                channels = outputs
        self.features = nn.Sequential(*features)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(channels, config.num_classes))
        he_fan_out(self)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, in_channels, H, W) -> (N, num_classes)`` logits."""
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


def mobilenext(config: Config | None = None, /, **changes: object) -> MobileNeXt:
    """A MobileNeXt: ``config`` (default: the released network for ImageNet) with the fields in ``changes`` replaced.

    >>> mobilenext(width=0.5, variant="paper").config.width
    0.5
    """
    return MobileNeXt(replace(config or Config(), **changes))  # type: ignore[arg-type]


CIFAR_STAGES: tuple[Stage, ...] = (
    Stage(2, 64, 1, 2),
    Stage(4, 96, 3, 1),
    Stage(4, 192, 5, 2),
    Stage(4, 320, 2, 1),
)
"""Stages for 32 x 32 images: one block at 32 x 32, three at 16 x 16, seven at 8 x 8."""


def cifar_config(**changes: object) -> Config:
    """The configuration of :func:`mobilenext_cifar`, with the fields in ``changes`` replaced."""
    base = Config(stages=CIFAR_STAGES, stem_channels=32, stem_stride=1, num_classes=10, dropout=0.0)
    return replace(base, **changes)  # type: ignore[arg-type]


def mobilenext_cifar(**changes: object) -> MobileNeXt:
    """The MobileNeXt for 32 x 32 images and ten classes: ``(N, 3, 32, 32) -> (N, 10)``.

    The rules are those of the released network. The stem has stride 1, so that the first block still sees 32 x 32, and
    the picture is halved twice instead of five times.
    """
    return MobileNeXt(cifar_config(**changes))

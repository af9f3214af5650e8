"""LESRCNN: a light network for super-resolution (arXiv 2007.04344), which works on the small picture for 17 layers.

The network of the released weights, written from its description: accumulators are rectified (there, activations work in place),

    h_0 = relu(conv(x - mean));   h_k = relu(h_{k-1} + conv1x1(relu(conv3x3(h_{k-1}))))  for k = 1..8
    u   = relu(up(h_8) + up(h_0));   y = conv(four times relu(conv(u))) + mean

with one upsampler (convolution with bias and pixel shuffle) for both. Input: RGB in 0..1, of any size.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pith.graph.errors import ModelError

MEAN = (0.4488, 0.4371, 0.4040)


def _conv(inputs: int, outputs: int, kernel: int = 3) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False))


class Upsampler(nn.Module):
    """``(N, 64, H, W) -> (N, 64, rH, rW)``: one convolution and pixel shuffle for r = 2 and 3, two of r = 2 for r = 4."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        r, times = (2, 2) if scale == 4 else (scale, 1)
        steps = [(nn.Conv2d(64, 64 * r * r, 3, padding=1), nn.PixelShuffle(r)) for _ in range(times)]
        self.body = nn.Sequential(*(layer for step in steps for layer in step))

    def forward(self, x: Tensor) -> Tensor:
        """The larger features."""
        return self.body(x)


class LESRCNN(nn.Module):
    """``(N, 3, H, W) -> (N, 3, rH, rW)``, RGB in 0..1."""

    mean: Tensor

    def __init__(self, scale: int = 2, *, multi: bool = False) -> None:
        """scale: 2, 3 or 4.  multi: the network for all three ("LESRCNN-S"), which has an upsampler for each; `scale` can be set."""
        super().__init__()
        if scale not in (2, 3, 4):
            raise ValueError(f"scale is 2, 3 or 4, not {scale}")
        self.scale = scale
        self.conv1 = _conv(3, 64)
        for k in range(2, 18):
            self.add_module(f"conv{k}", _conv(64, 64, 3 if k % 2 == 0 else 1))
        self.upsample = nn.ModuleDict({f"up{s}": Upsampler(s) for s in (2, 3, 4)} if multi else {"up": Upsampler(scale)})
        for k in range(1, 5):
            self.add_module(f"conv17_{k}", _conv(64, 64))
        self.conv18 = _conv(64, 3)
        self.register_buffer("mean", torch.tensor(MEAN).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """The larger picture; values may leave 0..1 by a little."""
        first = h = F.relu(self.conv1(x - self.mean))
        for k in range(2, 18, 2):
            wide = F.relu(self.get_submodule(f"conv{k}")(h))
            h = F.relu(h + self.get_submodule(f"conv{k + 1}")(wide))
        up = self.upsample["up" if "up" in self.upsample else f"up{self.scale}"]
        y = F.relu(up(h) + up(first))
        for k in range(1, 5):
            y = F.relu(self.get_submodule(f"conv17_{k}")(y))
        return self.conv18(y) + self.mean


def adapt(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Released weights without the two layers that shift by the mean, which is a constant here. Raises ModelError if they shift by
    anything else."""
    for name, sign in (("sub_mean", -1.0), ("add_mean", 1.0)):
        weight, bias = state.get(f"{name}.shifter.weight"), state.get(f"{name}.shifter.bias")
        if weight is None and bias is None:
            continue
        fits = weight is not None and weight.shape == (3, 3, 1, 1) and bias is not None and bias.shape == (3,)
        if not fits or not torch.allclose(weight[:, :, 0, 0], torch.eye(3)) or not torch.allclose(bias, sign * torch.tensor(MEAN)):
            raise ModelError(f"{name} does not shift by the mean {MEAN}", try_="weights of LESRCNN as its authors released them")
    return {k: v for k, v in state.items() if not k.startswith(("sub_mean.", "add_mean."))}

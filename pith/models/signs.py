"""Signs with gradients, weights made of few values, and the layers of binary networks (arXiv 1602.02830, 1603.05279, 1606.06160, 1808.00278).

`sign(0)` is +1, everywhere and in training too. Weights of a binary layer are a parametrisation: `layer.weight` is what the layer
computes with, `layer.parametrizations.weight.original` the real numbers behind it, which the optimiser moves. They are brought back to
-1..1 after each step (`pith.train.binary.clip_after`), and want no weight decay.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

Gradient = Literal["line", "parabolas", "all"]
"""Of sign: 1 where |x| <= 1 (BNN); 2 - 2|x| there (Bi-Real); 1 everywhere."""


def _ones(x: Tensor) -> Tensor:
    """+1 where x >= 0, else -1."""
    return torch.where(x >= 0, 1.0, -1.0).to(x.dtype)


class _Sign(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, gradient: str) -> Tensor:
        ctx.save_for_backward(x)
        ctx.gradient = gradient
        return _ones(x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (x,), (g,) = ctx.saved_tensors, grads
        if ctx.gradient == "line":
            g = g * (x.abs() <= 1)
        elif ctx.gradient == "parabolas":
            g = g * (2 - 2 * x.abs()).clamp(min=0)
        return g, None


class _Same(torch.autograd.Function):
    """The values of `hard` with the gradient to `soft`."""

    @staticmethod
    def forward(ctx: Any, hard: Tensor, soft: Tensor) -> Tensor:
        return hard.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[None, Tensor]:
        return None, grads[0]


def sign(x: Tensor, gradient: Gradient = "line") -> Tensor:
    """+1 where x >= 0, else -1, exactly; NaN is -1."""
    if torch.is_grad_enabled() and x.requires_grad:
        return _Sign.apply(x, gradient)
    return _ones(x)


def straight(hard: Tensor, soft: Tensor) -> Tensor:
    """`hard`, exactly, with the gradient of `soft` (the straight-through estimator)."""
    return _Same.apply(hard.detach(), soft) if torch.is_grad_enabled() and soft.requires_grad else hard


def steps(x: Tensor, bits: int) -> Tensor:
    """0..1 in 2^bits - 1 equal steps, rounded to the nearest (halves to even); the gradient passes (DoReFa, equation 5)."""
    n = float((1 << bits) - 1)
    return straight(torch.round(x * n) / n, x)


# ---- activations


class Sign(nn.Module):
    """Activations of +1 and -1. `stochastic`: +1 with the probability (x + 1) / 2 in training (BNN, section 1.1)."""

    def __init__(self, gradient: Gradient = "line", stochastic: bool = False) -> None:
        super().__init__()
        self.gradient: Gradient = gradient
        self.stochastic = stochastic

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        if self.stochastic and self.training:
            drawn = torch.where(torch.rand_like(x) < (x + 1) / 2, 1.0, -1.0).to(x.dtype)
            return straight(drawn, x.clamp(-1, 1))
        return sign(x, self.gradient)


class Steps(nn.Module):
    """Activations clipped to 0..1 in 2^bits - 1 steps (DoReFa)."""

    def __init__(self, bits: int) -> None:
        super().__init__()
        self.bits = bits

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        return steps(x.clamp(0, 1), self.bits)


# ---- weights: parametrisations, ``(outputs, ...) -> (outputs, ...)``


def _mean(w: Tensor) -> Tensor:
    """Mean magnitude of each output channel."""
    return w.abs().mean(tuple(range(1, w.ndim)), keepdim=True)


class BinaryWeight(nn.Module):
    """sign(W); BNN. Or scaled by the mean magnitude of each output channel, which gets no gradient (Bi-Real: gradients are aware of
    magnitudes, arXiv 1808.00278 section 3.3)."""

    def __init__(self, scaled: bool = False) -> None:
        super().__init__()
        self.scaled = scaled

    def forward(self, w: Tensor) -> Tensor:
        """Two values for each output channel."""
        return sign(w) * _mean(w).detach() if self.scaled else sign(w)


class XnorWeight(nn.Module):
    """alpha sign(W'), alpha = mean |W'| of each output channel; W' is W less its mean over input channels, clipped to -1..1.

    XNOR-Net, arXiv 1603.05279 section 3.1, and the preparation of its released code. The gradient also passes through alpha.
    """

    def forward(self, w: Tensor) -> Tensor:
        """Two values for each output channel."""
        w = (w - w.mean(1, keepdim=True)).clamp(-1, 1)
        return sign(w) * _mean(w)


class TernaryWeight(nn.Module):
    """-alpha, 0, alpha: 0 where |W| <= 0.7 mean |W|, alpha the mean of |W| elsewhere, for each output channel (arXiv 1605.04711)."""

    def forward(self, w: Tensor) -> Tensor:
        """Three values for each output channel."""
        axes = tuple(range(1, w.ndim))
        kept = (w.abs() > 0.7 * _mean(w)).to(w.dtype).detach()
        alpha = (w.abs() * kept).sum(axes, keepdim=True) / kept.sum(axes, keepdim=True).clamp(min=1)
        return straight(sign(w) * kept * alpha, w * (w.abs() <= 1))


class DorefaWeight(nn.Module):
    """1 bit: sign(W) mean |W| of the whole layer; k bits: 2 steps(tanh W / (2 max |tanh W|) + 1/2) - 1 (arXiv 1606.06160 section 2.3)."""

    def __init__(self, bits: int = 1) -> None:
        super().__init__()
        self.bits = bits

    def forward(self, w: Tensor) -> Tensor:
        """2^bits values."""
        if self.bits == 1:
            return sign(w, "all") * w.abs().mean().detach()
        t = torch.tanh(w)
        return 2 * steps(t / (2 * t.abs().max().clamp(min=1e-12)) + 0.5, self.bits) - 1


# ---- layers


class BinaryConv2d(nn.Conv2d):
    """A convolution of `inputs(x)` with `weights(W)`. Without bias unless told.

    border: what stands around the picture. 0: nothing, the sum has fewer terms there; 1 or -1: ones of that sign, so that every value
    is one bit. `scale`: after `pith.train.binary.frozen`, what the sums of weights -1, 0, 1 are multiplied by.
    """

    scale: Tensor | None

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, *, padding: Any = None, groups: int = 1, bias: bool = False,
        dilation: Any = 1, weights: nn.Module | None = None, activation: nn.Module | None = None, border: int = 0,
    ) -> None:  # fmt: skip
        """padding: "same" for odd kernels unless given."""
        pad = kernel // 2 if padding is None else padding
        super().__init__(inputs, outputs, kernel, stride, pad, dilation, groups, bias)
        if border not in (-1, 0, 1):
            raise ValueError(f"border is -1, 0 or 1, not {border}")
        self.border = border
        self.activation = activation or nn.Identity()
        self.register_buffer("scale", None)
        parametrize.register_parametrization(self, "weight", weights or BinaryWeight(), unsafe=True)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)``."""
        x, pads = self.activation(x), self.padding
        if self.border and any(pads):
            x, pads = F.pad(x, (pads[1], pads[1], pads[0], pads[0]), value=float(self.border)), (0, 0)
        y = F.conv2d(x, self.weight, None, self.stride, pads, self.dilation, self.groups)
        y = y if self.scale is None else y * self.scale.reshape(1, -1, 1, 1)
        return y if self.bias is None else y + self.bias.reshape(1, -1, 1, 1)


class BinaryLinear(nn.Linear):
    """A product of `inputs(x)` and `weights(W)`. Without bias unless told."""

    scale: Tensor | None

    def __init__(
        self, inputs: int, outputs: int, *, bias: bool = False, weights: nn.Module | None = None, activation: nn.Module | None = None
    ) -> None:
        super().__init__(inputs, outputs, bias)
        self.activation = activation or nn.Identity()
        self.register_buffer("scale", None)
        parametrize.register_parametrization(self, "weight", weights or BinaryWeight(), unsafe=True)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, inputs) -> (N, outputs)``."""
        y = F.linear(self.activation(x), self.weight)
        y = y if self.scale is None else y * self.scale
        return y if self.bias is None else y + self.bias


def real_weight(layer: nn.Module) -> Tensor:
    """The real numbers behind the weights of a binary layer; its weights where it has been frozen."""
    return layer.parametrizations.weight.original if parametrize.is_parametrized(layer, "weight") else layer.weight

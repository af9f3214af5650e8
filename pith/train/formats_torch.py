"""`pith.train.formats` in PyTorch, bit for bit, with gradients: layers whose products and sums are of 16 bits, and an optimiser that keeps
nothing but halves.

Convolutions and products go forwards and backwards in the arithmetic of a `Format`. Batch normalisation and losses stay in float32, and
gradients want a loss scale (multiply the loss, give the factor to `HalfSGD`), for halves end at 2^-24.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pith.graph import InputError

_LOW = 0xFFFFFFFF
HALF_MAX = 65504.0


def philox(key: int, first: int, count: int) -> Tensor:
    """The numbers of `pith.train.formats.philox`, int64."""
    if not 0 <= key < 1 << 64 or first < 0 or count < 0 or first + count >= 1 << 62:
        raise InputError(f"no numbers {first} to {first + count} of stream {key}", try_="key below 2^64, counts that are not negative")
    start, end = first // 4, -(-(first + count) // 4)
    counter = torch.arange(start, end)
    c0, c1 = counter & _LOW, (counter >> 32) & _LOW
    c2, c3 = torch.zeros_like(c0), torch.zeros_like(c0)
    k0, k1 = key & _LOW, key >> 32
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2  # 64 bits that wrap around, whose halves are cut out of them
        c0, c1, c2, c3 = ((p1 >> 32) & _LOW) ^ c1 ^ k0, p1 & _LOW, ((p0 >> 32) & _LOW) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + 0x9E3779B9) & _LOW, (k1 + 0xBB67AE85) & _LOW
    return torch.stack([c0, c1, c2, c3], 1).reshape(-1)[first - 4 * start : first - 4 * start + count]


@dataclass
class Stream:
    """Numbers of a key, taken one after another. `place` is the next; keep it in checkpoints."""

    key: int
    place: int = 0

    def take(self, shape: torch.Size | tuple[int, ...]) -> Tensor:
        """As many as the shape has, int64 below 2^32."""
        count = torch.Size(shape).numel()
        self.place += count
        return philox(self.key, self.place - count, count).reshape(shape)


def _bounded(y: Tensor, x: Tensor) -> Tensor:
    gone = torch.isinf(y) & torch.isfinite(x)
    return torch.where(gone, torch.copysign(torch.full_like(y, HALF_MAX), y), y)


def to_half(x: Tensor, saturate: bool = False) -> Tensor:
    """float32 to float16, nearest."""
    y = x.to(torch.float16)
    return _bounded(y, x) if saturate else y


def to_half_stochastic(x: Tensor, random: Tensor, saturate: bool = True) -> Tensor:
    """float32 to float16 by random numbers (int64 below 2^32, the shape of x)."""
    moved = (x.view(torch.int32).to(torch.int64) & _LOW) + (random >> 19)
    normal = _from_bits(moved & 0xFFFFE000)
    size = x.abs()
    low = size < 2.0**-14
    units = torch.where(low, size, torch.zeros_like(size)) * 2.0**24
    whole = torch.floor(units)
    u = (random >> 8).to(torch.float32) * 2.0**-24
    small = torch.copysign((whole + (u < units - whole)) * 2.0**-24, x)
    y = torch.where(torch.isfinite(x), torch.where(low, small, normal), x).to(torch.float16)
    return _bounded(y, x) if saturate else y


def _from_bits(bits: Tensor) -> Tensor:
    """int64 bit patterns of 32 bits as float32."""
    return torch.where(bits >= 1 << 31, bits - (1 << 32), bits).to(torch.int32).view(torch.float32)


def to_bfloat16_stochastic(x: Tensor, random: Tensor) -> Tensor:
    """float32 to bfloat16 values in float32."""
    moved = ((x.view(torch.int32).to(torch.int64) & _LOW) + (random >> 16)) & 0xFFFF0000
    return torch.where(torch.isfinite(x), _from_bits(moved), x)


@dataclass
class Format:
    """Arithmetic of a product.

    kind: "16.32" (sums in float32), "16.16" (sums in half after each `block` products), "16.sr" (those rounded stochastically), "bf16"
    (operands in bfloat16, sums in float32).  key: of the stream of "16.sr".
    """

    kind: Literal["16.32", "16.16", "16.sr", "bf16"] = "16.32"
    block: int = 4
    key: int = 0
    stream: Stream = field(init=False)

    def __post_init__(self) -> None:
        if self.kind not in ("16.32", "16.16", "16.sr", "bf16") or not isinstance(self.block, Integral) or self.block < 1:
            raise InputError(f"there is no format {self.kind!r} with blocks of {self.block}", try_="16.32, 16.16, 16.sr, bf16")
        self.stream = Stream(self.key)

    def matmul(self, a: Tensor, b: Tensor) -> Tensor:
        """``(m, k), (k, n) -> (m, n)``, operands rounded to the format first; the result in float32, of values of the accumulator."""
        if self.kind == "bf16":
            a, b = (v.to(torch.bfloat16).to(torch.float32) for v in (a, b))
            return _along(a, b, 0, a.shape[1])
        a, b = (v.to(torch.float16).to(torch.float32) for v in (a, b))
        if self.kind == "16.32":
            return _along(a, b, 0, a.shape[1])
        total = torch.zeros(a.shape[0], b.shape[1], dtype=torch.float16)
        for start in range(0, a.shape[1], self.block):
            x = total.to(torch.float32) + _along(a, b, start, min(start + self.block, a.shape[1]))
            total = to_half_stochastic(x, self.stream.take(x.shape), False) if self.kind == "16.sr" else to_half(x)
        return total.to(torch.float32)


def _along(a: Tensor, b: Tensor, start: int, end: int) -> Tensor:
    """Products start to end along k, added one after another."""
    total = torch.zeros(a.shape[0], b.shape[1])
    for k in range(start, end):
        total = total + a[:, k, None] * b[None, k]
    return total


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, form: Format) -> Tensor:
        ctx.save_for_backward(x, w)
        ctx.form = form
        return form.matmul(x, w)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, w = ctx.saved_tensors
        g, form = grads[0], ctx.form
        dx = form.matmul(g, w.T) if ctx.needs_input_grad[0] else None
        dw = form.matmul(x.T, g) if ctx.needs_input_grad[1] else None
        return dx, dw, None


def product(x: Tensor, w: Tensor, form: Format) -> Tensor:
    """``(m, k), (k, n) -> (m, n)`` in float32, with gradients in the same arithmetic."""
    return _Product.apply(x, w, form)


def _form(form: Format | str | None) -> Format:
    return form if isinstance(form, Format) else Format(form or "16.32")  # type: ignore[arg-type]


class Linear16(nn.Linear):
    """A linear layer in the arithmetic of a format (or its kind alone); the bias is added in float32."""

    def __init__(self, inputs: int, outputs: int, bias: bool = True, form: Format | str | None = None) -> None:
        super().__init__(inputs, outputs, bias)
        self.form = _form(form)

    def forward(self, x: Tensor) -> Tensor:
        """``(..., inputs) -> (..., outputs)``. Raises InputError for another number of inputs."""
        if x.shape[-1] != self.in_features:
            raise InputError(f"an input {list(x.shape)}", try_=f"(..., {self.in_features})")
        y = product(x.reshape(-1, self.in_features).float(), self.weight.float().T, self.form).reshape(*x.shape[:-1], self.out_features)
        return y if self.bias is None else y + self.bias.float()


class Conv16(nn.Conv2d):
    """A convolution of one group, as a product with its unfolded input: K runs over channels, then rows and columns of the window."""

    def __init__(self, *args: Any, form: Format | str | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.groups != 1 or self.padding_mode != "zeros" or isinstance(self.padding, str):
            raise InputError("a convolution of more than one group, or with other padding than a number of zeros, has no form here")
        self.form = _form(form)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, C, H, W) -> (N, O, H', W')``. Raises InputError for another shape."""
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise InputError(f"an input {list(x.shape)}", try_=f"(N, {self.in_channels}, H, W)")
        assert not isinstance(self.padding, str)
        columns = F.unfold(x.float(), self.kernel_size, self.dilation, self.padding, self.stride)  # (N, K, places)
        n, k, places = columns.shape
        flat = columns.transpose(1, 2).reshape(n * places, k)
        y = product(flat, self.weight.float().flatten(1).T, self.form).reshape(n, places, -1).transpose(1, 2)
        height = (x.shape[2] + 2 * self.padding[0] - self.dilation[0] * (self.kernel_size[0] - 1) - 1) // self.stride[0] + 1
        y = y.reshape(n, self.out_channels, height, -1)
        return y if self.bias is None else y + self.bias.float().reshape(1, -1, 1, 1)


class HalfSGD(torch.optim.Optimizer):
    """SGD with momentum; weights and momenta are halves, and no copy in float32 is kept: 4 bytes a parameter.

    Each step computes in float32 and rounds to half, stochastically with `key`, to nearest without. Parameters stand in float32 tensors
    whose values are halves (rounded when this is made, at most 65,504), so that any layer can use them. A step whose gradients are not all
    finite, as a large loss scale may make them, changes nothing but `skipped`, the number of such steps.
    """

    def __init__(
        self, params: Iterable[nn.Parameter], rate: float, momentum: float = 0.9, *, key: int | None = None, loss_scale: float = 1.0
    ) -> None:
        """Raises InputError for a rate below 0, a momentum outside 0..1 and a loss scale that is not above 0."""
        if not (0 <= rate < math.inf and 0 <= momentum < 1 and 0 < loss_scale < math.inf):
            raise InputError(f"a rate of {rate}, momentum {momentum}, loss scale {loss_scale}", try_="0 or more, from 0 to below 1, above 0")
        super().__init__(params, {"lr": rate, "momentum": momentum})
        self.skipped = 0
        self.stream = None if key is None else Stream(key)
        self.loss_scale = loss_scale
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    p.copy_(to_half(p, True).float())

    def _round(self, x: Tensor) -> Tensor:
        y = to_half(x, True) if self.stream is None else to_half_stochastic(x, self.stream.take(x.shape))
        return y.to(torch.float32)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """m = momentum m + g; w = w - rate m, both rounded."""
        loss = None if closure is None else closure()
        gradients = (p.grad for group in self.param_groups for p in group["params"] if p.grad is not None)
        if not all(bool((g.coalesce().values() if g.is_sparse else g).isfinite().all()) for g in gradients):
            self.skipped += 1
            return loss
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                before = state.get("momentum", torch.zeros_like(p))
                fresh = self._round(before * group["momentum"] + p.grad / self.loss_scale)
                p.copy_(self._round(p - fresh * group["lr"]))
                state["momentum"] = fresh
        return loss

    def state_dict(self) -> dict[str, Any]:
        """With the place in the stream, so that a run that is resumed draws the same numbers."""
        return {**super().state_dict(), "place": 0 if self.stream is None else self.stream.place}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As `state_dict` gave it."""
        if self.stream is not None:
            self.stream.place = int(state_dict.get("place", 0))
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "place"})

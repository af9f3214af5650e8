"""A faster way to train a MobileNeXt on a CPU: the same network, its layers run by ``cpu_kernels.c``.

PyTorch spends most of a training step of this network on a CPU in the gradients of strided depthwise convolutions and
in separate passes over memory for batch normalisation and ReLU6. :class:`Fast` wraps a network, shares its parameters
and running statistics, and computes the same function (bfloat16 activations, float32 weights and statistics). The C
file is built with the system's C compiler on first use.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pith.models.mobilenext import MobileNeXt, Sandglass

SOURCE = Path(__file__).with_name("cpu_kernels.c")


@cache
def library() -> ctypes.CDLL:
    """The kernels, built for this processor, kept in the temporary folder under a name made of source and command."""
    compiler = os.environ.get("CC") or shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise RuntimeError(
            "training with `engine: kernels` needs a C compiler (gcc): install one, or set `engine: torch`"
        )
    # not -ffast-math: a library linked with it turns off subnormal numbers in the whole process that loads it
    fast = ["-fassociative-math", "-freciprocal-math", "-ffinite-math-only", "-fno-signed-zeros", "-fno-trapping-math", "-fno-math-errno"]
    command = [compiler, "-O3", "-march=native", *fast, "-fopenmp", "-fPIC", "-shared", "-w"]
    key = hashlib.sha256(SOURCE.read_bytes() + " ".join(command).encode()).hexdigest()[:16]
    path = Path(tempfile.gettempdir()) / f"pith_train_{key}.so"
    if not path.exists():
        part = path.with_suffix(f".{os.getpid()}")
        subprocess.run([*command, str(SOURCE), "-o", str(part)], check=True)
        part.replace(path)
    kernels = ctypes.CDLL(str(path))
    kernels.omp_set_num_threads(torch.get_num_threads())
    return kernels


def _call(name: str, *arguments: Tensor | int) -> None:
    values = [ctypes.c_void_p(a.data_ptr()) if isinstance(a, Tensor) else ctypes.c_long(a) for a in arguments]
    getattr(library(), name)(*values)


class _Depthwise(torch.autograd.Function):
    """Depthwise 3x3, padding 1: x (N, H, W, C) bfloat16, w (9, C) float32."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, stride: int) -> Tensor:
        n, h, wd, c = x.shape
        x, w = x.contiguous(), w.contiguous()
        y = x.new_empty(n, h // stride, wd // stride, c)
        _call("dw_forward", x, w, y, n, h, wd, c, stride)
        ctx.save_for_backward(x, w)
        ctx.stride = stride
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        x, w = ctx.saved_tensors
        g = grads[0].contiguous()
        gx, gw = torch.empty_like(x), torch.zeros_like(w)
        _call("dw_backward_data", g, w, w.flip(0).contiguous(), gx, *x.shape, ctx.stride)
        _call("dw_backward_weight", g, x, gw, *x.shape, ctx.stride)
        return gx, gw, None


class _NormAct(torch.autograd.Function):
    """Batch normalisation with batch statistics, then ReLU6 if ``act``: x (..., C) bfloat16."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, gamma: Tensor, beta: Tensor, norm: nn.BatchNorm2d, act: bool) -> Tensor:
        x = x.contiguous()
        c = x.shape[-1]
        m = x.numel() // c
        total, square = torch.zeros(c, dtype=torch.float64), torch.zeros(c, dtype=torch.float64)
        _call("bn_stats", x, total, square, m, c)
        mean = total / m
        var = (square / m - mean * mean).clamp_min(0.0)
        rate = norm.momentum if norm.momentum is not None else 0.1
        norm.running_mean.lerp_(mean.float(), rate)  # type: ignore[union-attr]
        norm.running_var.lerp_((var * (m / (m - 1))).float(), rate)  # type: ignore[union-attr]
        inverse = (var + norm.eps).rsqrt()
        scale = (gamma.double() * inverse).float()
        shift = (beta.double() - mean * gamma.double() * inverse).float()
        y = torch.empty_like(x)
        _call("bn_apply", x, scale, shift, y, m, c, int(act))
        ctx.save_for_backward(x, scale, shift, mean, inverse)
        ctx.act = act
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        x, scale, shift, mean, inverse = ctx.saved_tensors
        g = grads[0].contiguous()
        c = x.shape[-1]
        m = x.numel() // c
        total, dot = torch.zeros(c, dtype=torch.float64), torch.zeros(c, dtype=torch.float64)
        _call("bn_backward_sums", g, x, scale, shift, total, dot, m, c, int(ctx.act))
        along = (dot - mean * total) * inverse  # sum of d * x_hat: the gradient of gamma
        slope = -scale.double() * along * inverse / m
        offset = -scale.double() * total / m - slope * mean
        gx = torch.empty_like(x)
        _call("bn_backward_apply", g, x, scale, shift, slope.float(), offset.float(), gx, m, c, int(ctx.act))
        return gx, along.float(), total.float(), None, None


def _convolve(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """One convolution of the network on x (N, H, W, C) bfloat16."""
    if conv.groups > 1:
        return _Depthwise.apply(x, conv.weight.view(-1, 9).t(), conv.stride[0])  # type: ignore[no-any-return]
    if conv.kernel_size == (1, 1):
        return F.linear(x, conv.weight.flatten(1).to(x.dtype))
    n, h, w, c = x.shape  # the stem: patches, then one matrix product
    s = conv.stride[0]
    patches = F.pad(x, (0, 0, 1, 1, 1, 1)).unfold(1, 3, s).unfold(2, 3, s)
    return F.linear(patches.reshape(n, h // s, w // s, c * 9), conv.weight.flatten(1).to(x.dtype))


def _run(layers: nn.Sequential, x: Tensor) -> Tensor:
    """A sequence of convolution, batch normalisation and, sometimes, ReLU6."""
    modules = list(layers)
    for index, module in enumerate(modules):
        if isinstance(module, nn.Conv2d):
            x = _convolve(x, module)
        elif isinstance(module, nn.BatchNorm2d):
            act = index + 1 < len(modules) and isinstance(modules[index + 1], nn.ReLU6)
            x = _NormAct.apply(x, module.weight, module.bias, module, act)
    return x


class Fast(nn.Module):
    """``net`` for training on a CPU: same parameters, same running statistics, (N, 3, H, W) in, float32 logits out."""

    def __init__(self, net: MobileNeXt) -> None:
        """Shares every parameter of ``net``; evaluate ``net`` itself."""
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, classes), with batch statistics (training mode)."""
        x = x.permute(0, 2, 3, 1).to(torch.bfloat16).contiguous()
        for block in self.net.features:
            if isinstance(block, Sandglass):
                y = _run(block.conv, x)
                if block.partial:
                    y = torch.cat((y[..., : block.kept] + x[..., : block.kept], y[..., block.kept :]), dim=-1)
                elif block.kept:
                    y = y + x
                x = y
            else:
                x = _run(block, x)  # type: ignore[arg-type]
        return self.net.classifier(x.float().mean((1, 2)))  # type: ignore[no-any-return]

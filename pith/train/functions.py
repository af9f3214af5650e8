"""Operators of a Graph in PyTorch: what a network between its quantisations is made of, with gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pith.graph import DType, Expr, Node, UnsupportedError
from pith.graph.expr import arg
from pith.ops.base import OPS, Elementwise

_BINARY: dict[str, Callable[..., Tensor]] = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "max": torch.maximum, "min": torch.minimum, "pow": torch.pow,
    "lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge, "eq": torch.eq, "ne": torch.ne, "and": torch.logical_and, "or": torch.logical_or,
    "select": torch.where,
}  # fmt: skip
_UNARY: dict[str, Callable[[Tensor], Tensor]] = {
    **{n: getattr(torch, n) for n in ("neg", "abs", "sign", "sqrt", "floor", "ceil", "trunc", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p",
                                      "sigmoid", "erf", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh")},
    "softplus": F.softplus, "gelu": F.gelu, "not": torch.logical_not,
}  # fmt: skip


def rounded(x: Tensor) -> Tensor:
    """To nearest, halves to even; the gradient passes straight through."""
    return x + (torch.round(x) - x).detach()


def evaluate(expr: Expr, args: list[Tensor]) -> Tensor:
    """A scalar expression over tensors."""
    memo: dict[int, Tensor] = {}
    for e in expr.walk():
        known = [memo[id(a)] for a in e.args]
        if e.op == "arg":
            memo[id(e)] = args[int(e.value)]
        elif e.op == "const":
            memo[id(e)] = torch.tensor(e.value, dtype=torch.bool if e.dtype is DType.BOOL else torch.float32)
        elif e.op == "rint":
            memo[id(e)] = rounded(known[0])
        elif e.op == "cast" and e.dtype is DType.F32:
            memo[id(e)] = known[0].to(torch.float32)
        elif e.op in _BINARY or e.op in _UNARY:
            memo[id(e)] = (_BINARY.get(e.op) or _UNARY[e.op])(*known)
        else:
            raise UnsupportedError(f"the function {e.op} has no form in PyTorch here")
    return memo[id(expr)]


def window(x: Tensor, pads: tuple[int, ...], value: float) -> Tensor:
    """`x` with a border on its spatial axes: pads are those before all axes, then those after."""
    half = len(pads) // 2
    return F.pad(x, [p for a in reversed(range(half)) for p in (pads[a], pads[half + a])], value=value) if any(pads) else x


def _pool(n: Node, x: Tensor) -> Tensor:
    at = n.attrs
    kernel = tuple(at["kernel_shape"])
    rank, pads = len(kernel), tuple(at.get("pads") or (0,) * (2 * len(kernel)))
    strides, dilations = tuple(at.get("strides") or (1,) * rank), tuple(at.get("dilations") or (1,) * rank)
    if rank != 2 or any(at.get("ceil_pads") or ()):
        raise UnsupportedError(f"{n.name}: this pool has no form in PyTorch here")
    if n.op == "max_pool":
        return F.max_pool2d(window(x, pads, float("-inf")), kernel, strides, dilation=dilations)
    if any(d != 1 for d in dilations) or (any(pads) and not at.get("count_include_pad")):
        raise UnsupportedError(f"{n.name}: this pool has no form in PyTorch here")
    return F.avg_pool2d(window(x, pads, 0.0), kernel, strides)


def _reduce(n: Node, x: Tensor) -> Tensor:
    kind, axes, keep = n.attrs["kind"], tuple(n.attrs["axes"]), bool(n.attrs["keepdims"])
    found = {"mean": torch.mean, "sum": torch.sum, "max": torch.amax, "min": torch.amin}.get(kind)
    if found is None:
        raise UnsupportedError(f"{n.name}: a reduction by {kind} has no form in PyTorch here")
    return found(x, dim=axes, keepdim=keep)


def _slice(n: Node, x: Tensor) -> Tensor:
    at = n.attrs
    for a, (start, step, count) in enumerate(zip(at["starts"], at["steps"], at["shape"], strict=True)):
        if (start, step) != (0, 1) or (a and count != x.shape[a]):
            x = x.index_select(a, torch.arange(start, start + step * count, step))
    return x


def _reshape(n: Node, x: Tensor) -> Tensor:
    """The first axis is the batch, whatever its size is in training."""
    shape = tuple(n.attrs["shape"])
    return x.reshape(x.shape[0], *shape[1:]) if shape and shape[0] == 1 else x.reshape(shape)


def _layer_norm(n: Node, x: Tensor, scale: Tensor, bias: Tensor | None = None) -> Tensor:
    shape = x.shape[n.attrs["axis"] % x.ndim :]
    return F.layer_norm(x, shape, scale.expand(shape), None if bias is None else bias.expand(shape), n.attrs["epsilon"])


def _pad(n: Node, x: Tensor) -> Tensor:
    pads, rank = n.attrs["pads"], x.ndim
    return F.pad(x, [p for a in reversed(range(rank)) for p in (pads[a], pads[rank + a])], n.attrs["mode"], n.attrs["value"] or 0)


def _conv(n: Node, x: Tensor, w: Tensor, bias: Tensor | None = None) -> Tensor:
    at = n.attrs
    convolve = (F.conv1d, F.conv2d, F.conv3d)[w.ndim - 3]
    return convolve(window(x, at["pads"], 0.0), w, bias, at["strides"], 0, at["dilations"], at["group"])


def _matmul(n: Node, a: Tensor, b: Tensor, bias: Tensor | None = None) -> Tensor:
    y = (a.transpose(-1, -2) if n.attrs.get("trans_a") else a) @ (b.transpose(-1, -2) if n.attrs.get("trans_b") else b)
    return y if bias is None else y + bias


FORMS: dict[str, Callable[..., Tensor]] = {
    "max_pool": _pool, "average_pool": _pool, "reduce": _reduce, "slice": _slice, "reshape": _reshape, "layer_norm": _layer_norm, "pad": _pad,
    "transpose": lambda n, x: x.permute(n.attrs["perm"]), "concat": lambda n, *x: torch.cat(x, n.attrs["axis"]),
    "conv": _conv, "matmul": _matmul, "softmax": lambda n, x: torch.softmax(x, n.attrs["axis"]),
}  # fmt: skip


def run(node: Node, inputs: list[Any]) -> Tensor:
    """The result of a node other than quantisations. Raises UnsupportedError, with its name."""
    if node.op in FORMS:
        return FORMS[node.op](node, *[i for i in inputs if i is not None])
    op = OPS[node.op]
    if not isinstance(op, Elementwise):
        raise UnsupportedError(f"{node.op} has no form in PyTorch here", where=node.name or node.outputs[0])
    return evaluate(op.expr(node.attrs, *(arg(k, DType.F32) for k in range(len(inputs)))), inputs)

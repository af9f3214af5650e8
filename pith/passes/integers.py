"""Products of dequantised integers become products of the integers themselves, summed exactly, and dequantised behind.

conv(DQ(x), DQ(w), bias) is DQ(conv_integer(x, w, bias')), and so for matmul and for means. What such a node needs is proven
here: the largest sum that any input can make stays within int32. Where it does not, the node is left to the floats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pith.graph import DType, Graph, Node
from pith.ops.int32 import LARGEST, WIDEST, centred_weights, largest_sum, reach, sums_of
from pith.ops.windows import channel_axis
from pith.passes.quantised import BYTES, Quantised, constant_integers, quantised, real_constant
from pith.passes.rewrite import Rewrite, use_counts, vector_along
from pith.passes.transposed_convs import phases_of

_MATCHED = 1e-6  # relative: a scale that was multiplied in float32 is meant to be the product
_TAPS = 512  # cells of the largest mean that is computed as one convolution: its weights are as many ones for each channel
_FEW_STEPS = 2**20  # steps that the bias of a channel without weights is given


@dataclass(slots=True)
class _Product:
    """An integer product to be: weights int8, the scale of its sums for each channel, the channels' axis in the weights."""

    weights: np.ndarray
    scale: np.ndarray
    axis: int
    bias: np.ndarray | None = None
    sums: DType = DType.I32

    def take_bias(self, real: np.ndarray, dtype: DType) -> bool:
        """Round `real` to steps of the sums with inputs of `dtype`; False where it needs more than they have."""
        silent = np.abs(self.weights).max(axis=tuple(a for a in range(self.weights.ndim) if a != self.axis)) == 0
        fine = np.maximum(np.abs(real) / _FEW_STEPS, np.finfo(np.float32).tiny)
        self.scale = np.where(silent & (np.abs(real) / self.scale > _FEW_STEPS), fine, self.scale)
        steps = np.rint(real / self.scale)
        if not np.isfinite(steps).all() or sums_of(dtype, int(min(np.abs(steps).max(initial=0), 2.0 * WIDEST))) is None:
            return False
        self.bias = steps.astype(np.int64)
        return True

    def proven(self, dtype: DType, zero: int) -> bool:
        """Whether no sum can leave its type, which is chosen here, for inputs of `dtype` and their zero point."""
        found = sums_of(dtype, largest_sum(reach(dtype, zero), self.weights, self.bias, self.axis))
        self.sums = found or DType.I32
        return found is not None


class _Integers:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.walk = Rewrite(graph)
        self.uses = use_counts(graph)

    def run(self) -> int:
        for node in self.graph.nodes:
            self.walk.resolve(node)
            found = self.visit(node)
            if found is None:
                self.walk.keep(node)
            else:
                self.uses[found] = self.uses.get(node.outputs[0], 0)
                self.walk.replace(node.outputs[0], found)
        return self.walk.finish()

    def visit(self, node: Node) -> str | None:
        if node.inputs[3:] or node.attrs.get("epilogue") is not None:
            return None
        if node.op == "conv":
            return self.conv(node)
        if node.op == "conv_transpose":
            return self.conv_transpose(node)
        if node.op == "matmul":
            return self.matmul(node)
        if node.op in ("average_pool", "reduce"):
            return self.mean(node)
        return self.added_bias(node) if node.op in ("add", "sub") else None

    # ---- convolutions and products

    def conv(self, node: Node) -> str | None:
        x = quantised(self.walk, node.inputs[0])
        p = self.weights(node.inputs[1], 0) if x is not None else None
        if x is None or p is None or not self.complete(node, x, p):
            if x is not None and p is not None:
                self.left(node)
            return None
        return self.add("conv_integer", node, x.value, p, {**node.attrs, "zero": x.steps.zero})

    def conv_transpose(self, node: Node) -> str | None:
        """All phases as the channels of one convolution, whose pixels are then rearranged."""
        x = quantised(self.walk, node.inputs[0])
        p = self.weights(node.inputs[1], 1) if x is not None else None
        if x is None or p is None or node.attrs["layout"] != "channels_first":
            return None
        n, _, *spatial = self.walk.type(x.value).shape
        out = self.walk.type(node.outputs[0]).shape[2:]
        phases = phases_of(p.weights, node.attrs, tuple(spatial), out)
        if phases is None or not self.complete(node, x, p):
            if phases is not None:
                self.left(node)
            return None
        channels = p.weights.shape[1]
        scale = np.tile(np.broadcast_to(p.scale.reshape(-1), (channels,)), phases.count)
        wide = _Product(phases.weights, scale, 0, None if p.bias is None else np.tile(p.bias, phases.count), p.sums)
        attrs = {"strides": (1, 1), "pads": phases.pads, "dilations": (1, 1), "group": 1, "layout": "channels_first", "zero": x.steps.zero}
        y = self.add("conv_integer", node, x.value, wide, attrs)
        h, w = node.attrs["strides"]
        y = self.walk.add("reshape", [y], {"shape": (n, h, w, channels, out[0] // h, out[1] // w)}, like=node)
        y = self.walk.add("transpose", [y], {"perm": (0, 3, 4, 1, 5, 2)}, like=node)
        return self.walk.add("reshape", [y], {"shape": (n, channels, *out)}, like=node)

    def matmul(self, node: Node) -> str | None:
        a = quantised(self.walk, node.inputs[0])
        if a is None:
            return None
        rank = len(self.walk.type(node.inputs[1]).shape)
        if rank == 2:
            p = self.weights(node.inputs[1], 0 if node.attrs.get("trans_b") else 1)
            if p is not None:
                attrs = {**node.attrs, "zero_a": a.steps.zero, "zero_b": 0}
                if self.complete(node, a, p):
                    return self.add("matmul_integer", node, a.value, p, attrs)
                self.left(node)
                return None
        b = quantised(self.walk, node.inputs[1])
        shape = self.walk.type(node.inputs[0]).shape
        if b is None or any(node.inputs[2:]) or not shape:
            return None
        depth = shape[-2] if node.attrs.get("trans_a") and len(shape) > 1 else shape[-1]
        largest = depth * reach(a.steps.dtype, a.steps.zero) * reach(b.steps.dtype, b.steps.zero)
        sums = sums_of(a.steps.dtype if a.steps.dtype not in BYTES else b.steps.dtype, largest)
        if sums is None:
            self.left(node)
            return None
        attrs = {**node.attrs, "zero_a": a.steps.zero, "zero_b": b.steps.zero, **_sums(sums)}
        y = self.walk.add("matmul_integer", [a.value, b.value], attrs, like=node)
        return self.dequantised(node, y, np.array(a.steps.scale * b.steps.scale), -1)

    def left(self, node: Node) -> None:
        """Note that a product stays one of floats, though its operands are integers."""
        where = node.name or node.outputs[0]
        room = "int32" if self.walk.type(self.walk.made[node.inputs[0]].inputs[0]).dtype in BYTES else "int64"
        self.graph.notes.append(f"{where} ({node.op}) is computed in float32: sums of its integers, with its bias, may leave {room}")

    def weights(self, value: str, axis: int) -> _Product | None:
        """Constant weights whose scale is one number or one for each index of `axis`."""
        found = constant_integers(self.walk, value)
        if found is None:
            return None
        q, scale, zero = found
        w, per_channel = centred_weights(q, zero), vector_along(scale, axis, q.shape)
        if w is None or per_channel is None or not (np.isfinite(per_channel) & (per_channel > 0)).all():
            return None
        return _Product(w, per_channel, axis)

    def complete(self, node: Node, x: Quantised, p: _Product) -> bool:
        """Scale the weights' steps to those of the sums, take the bias, and prove that the sums fit."""
        p.scale = p.scale * x.steps.scale
        bias = node.inputs[2] if len(node.inputs) > 2 else ""
        if bias:
            found = constant_integers(self.walk, bias)
            real = real_constant(self.walk, bias)
            if found is not None and found[0].dtype == np.int32 and np.allclose(found[1], p.scale, rtol=_MATCHED, atol=0):
                p.bias = found[0].astype(np.int64) - found[2]
            elif real is None or not p.take_bias(real, x.steps.dtype):
                return False
        return p.proven(x.steps.dtype, x.steps.zero)

    def add(self, op: str, node: Node, x: str, p: _Product, attrs: dict[str, object]) -> str:
        graph, name = self.graph, node.name or op
        inputs = [x, graph.add_constant(p.weights, f"{name}.weights")]
        if p.bias is not None:
            inputs.append(graph.add_constant(p.bias.astype(p.sums.np), f"{name}.bias"))
        y = self.walk.add(op, inputs, {**attrs, **_sums(p.sums)}, like=node)
        return self.dequantised(node, y, p.scale, _channel(self.walk.made[y], len(self.walk.type(y).shape)))

    def dequantised(self, node: Node, sums: str, scale: np.ndarray, axis: int) -> str:
        """The real numbers behind int32 sums. The scale stays in float64 until what it is multiplied with is known."""
        rank = len(self.walk.type(sums).shape)
        if scale.size == 1 or bool((scale == scale.reshape(-1)[0]).all()):
            shape: list[int] = []
            scale = scale.reshape(-1)[0]
        else:
            shape = [1] * rank
            shape[axis] = scale.size
        name = self.graph.add_constant(np.asarray(scale, np.float64).reshape(shape), f"{node.name or node.op}.scale")
        return self.walk.add("dequantize_linear", [sums, name], {"dtype": DType.F32}, like=node)

    def added_bias(self, node: Node) -> str | None:
        """A constant for each channel, added to a product's result, is its bias."""
        for k in (0, 1) if node.op == "add" else (0,):
            real, behind = real_constant(self.walk, node.inputs[1 - k]), self.walk.made.get(node.inputs[k])
            if real is None or behind is None or behind.op != "dequantize_linear" or self.uses.get(node.inputs[k]) != 1:
                continue
            product, t = self.walk.made.get(behind.inputs[0]), self.walk.type(node.inputs[k])
            if product is None or product.op not in ("conv_integer", "matmul_integer") or self.walk.type(node.outputs[0]) != t:
                continue
            if any(product.inputs[2:]) or product.inputs[1] not in self.graph.constants or len(t.shape) < 2 or node.inputs[k] in self.walk.outputs:
                continue
            conv, axis = product.op == "conv_integer", _channel(product, len(t.shape))
            vector = vector_along(real, axis, t.shape)
            w = self.graph.constants[product.inputs[1]]
            scale = np.broadcast_to(self.graph.constants[behind.inputs[1]].reshape(-1), (t.shape[axis],))
            if vector is None or w.dtype != np.int8 or product.attrs.get("zero_b", 0) or (w.ndim != 2 and not conv):
                continue
            p = _Product(w, scale, 0 if conv or product.attrs.get("trans_b") else 1)
            dtype, zero = self.walk.type(product.inputs[0]).dtype, product.attrs["zero" if conv else "zero_a"]
            if not p.take_bias(vector if node.op == "add" else -vector, dtype) or not p.proven(dtype, zero):
                continue
            return self.add(product.op, node, product.inputs[0], p, {k: v for k, v in product.attrs.items() if k != "acc"})
        return None

    # ---- means

    def mean(self, node: Node) -> str | None:
        """A mean is a sum of integers, with a scale smaller by their number: of a few cells of a picture, a convolution."""
        x = quantised(self.walk, node.inputs[0])
        if x is None or x.value in self.graph.constants or any(node.inputs[1:]):
            return None
        shape = self.walk.type(x.value).shape
        if node.op == "average_pool":
            pads = tuple(node.attrs.get("pads") or ())
            counted = node.attrs.get("count_include_pad", False) and not any(node.attrs.get("ceil_pads") or ())
            if any(pads) and not counted:
                return None
            rank = len(shape) - 2
            window = {
                "kernel": tuple(node.attrs["kernel_shape"]), "strides": tuple(node.attrs.get("strides") or (1,) * rank),
                "pads": pads or (0,) * (2 * rank), "dilations": tuple(node.attrs.get("dilations") or (1,) * rank),
            }  # fmt: skip
            return self.window(node, x, window, node.attrs.get("layout", "channels_first"))
        axes = tuple(node.attrs["axes"])
        if node.attrs["kind"] != "mean" or not axes or 0 in shape:
            return None
        count = math.prod(shape[a] for a in axes)
        if count * reach(x.steps.dtype, x.steps.zero) > LARGEST:
            return None
        if len(shape) == 4 and axes == (2, 3) and count <= _TAPS:
            window = {"kernel": shape[2:], "strides": (1, 1), "pads": (0,) * 4, "dilations": (1, 1)}
            y = self.window(node, x, window, "channels_first")
            if y is None or node.attrs["keepdims"]:
                return y
            return self.walk.add("reshape", [y], {"shape": self.walk.type(node.outputs[0]).shape}, like=node)
        sums = self.walk.add("reduce", [self.rows(node, x, axes)], {**node.attrs, "kind": "sum"}, like=node)
        return self.dequantised(node, sums, np.array(x.steps.scale / count), -1)

    def rows(self, node: Node, x: Quantised, axes: tuple[int, ...]) -> str:
        """int32 numbers whose sum over `axes` is that of x less its zero point: sums of the rows of a picture, or each element."""
        shape = self.walk.type(x.value).shape
        if len(shape) == 4 and axes == (2, 3) and shape[3] <= _TAPS:
            weights = self.graph.add_constant(np.ones((shape[1], 1, 1, shape[3]), np.int8), "ones")
            attrs = {"strides": (1, 1), "pads": (0,) * 4, "dilations": (1, 1), "group": shape[1], "layout": "channels_first"}
            return self.walk.add("conv_integer", [x.value, weights], {**attrs, "zero": x.steps.zero}, like=node)
        wide = self.walk.add("cast", [x.value], {"to": DType.I32}, like=node)
        if not x.steps.zero:
            return wide
        return self.walk.add("sub", [wide, self.graph.add_constant(np.array(x.steps.zero, np.int32), "zero")], like=node)

    def window(self, node: Node, x: Quantised, window: dict[str, tuple[int, ...]], layout: str) -> str | None:
        """Means of windows, as a convolution of each channel with ones."""
        shape = self.walk.type(x.value).shape
        channels, count = shape[channel_axis({"layout": layout}, len(shape))], math.prod(window["kernel"])
        if count > _TAPS or count * reach(x.steps.dtype, x.steps.zero) > LARGEST:
            return None
        weights = self.graph.add_constant(np.ones((channels, 1, *window["kernel"]), np.int8), "ones")
        attrs = {k: v for k, v in window.items() if k != "kernel"}
        y = self.walk.add("conv_integer", [x.value, weights], {**attrs, "group": channels, "layout": layout, "zero": x.steps.zero}, like=node)
        return self.dequantised(node, y, np.array(x.steps.scale / count), -1)


def _sums(dtype: DType) -> dict[str, object]:
    """The attribute that says of what type sums are, where that is not int32."""
    return {} if dtype is DType.I32 else {"acc": dtype}


def _channel(product: Node, rank: int) -> int:
    """The axis of a product's result along which its weights, bias and scales differ."""
    return channel_axis(product.attrs, rank) if product.op == "conv_integer" else rank - 1


def run(graph: Graph) -> int:
    """Returns the number of changes."""
    return _Integers(graph).run() if any(n.op == "dequantize_linear" for n in graph.nodes) else 0

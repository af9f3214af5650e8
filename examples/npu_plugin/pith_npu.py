"""A pretend accelerator: products of signed bytes with sums in 32 bits, and an end in fixed point where the network has one.

It is C that any processor runs, so that it can be tried out; where a real one's driver would be called, there is a loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pith.accelerators import Const, Emission, In, Int, Out
from pith.graph import DType, Graph, Node
from pith.graph.expr import Expr
from pith.ops.requantize import FixedPoint, match_fixed

_CORE = """
typedef struct {
  int32_t images, height, width, channels, out_height, out_width, filters, kernel_height, kernel_width, groups;
  int32_t stride_y, stride_x, top, left, dilation_y, dilation_x, zero;
} npu_job;

/* what one pixel of one filter sums up */
static int32_t npu_sum(const npu_job *j, const int8_t *x, const int8_t *w, int32_t y0, int32_t x0, int32_t filter) {
  const int32_t own = j->channels / j->groups, from = filter / (j->filters / j->groups) * own;
  int32_t sum = 0;
  for (int32_t c = 0; c < own; c++)
    for (int32_t ky = 0; ky < j->kernel_height; ky++)
      for (int32_t kx = 0; kx < j->kernel_width; kx++) {
        const int32_t yy = y0 + ky * j->dilation_y, xx = x0 + kx * j->dilation_x;
        if (yy < 0 || yy >= j->height || xx < 0 || xx >= j->width) continue;
        sum += (x[(yy * j->width + xx) * j->channels + from + c] - j->zero) * w[((filter * own + c) * j->kernel_height + ky) * j->kernel_width + kx];
      }
  return sum;
}

/* sum * multiplier * 2^(shift - 31), rounded twice as gemmlowp does */
static int32_t npu_scale(int32_t sum, int32_t multiplier, int32_t shift) {
  const int32_t moved = (int32_t)((uint32_t)sum << (shift > 0 ? shift : 0));
  int64_t high = ((int64_t)moved * multiplier + (INT64_C(1) << 30)) >> 31;
  if (high > INT32_MAX) high = INT32_MAX;
  const int32_t by = shift < 0 ? -shift : 0, v = (int32_t)high;
  const int32_t mask = (int32_t)((INT64_C(1) << by) - 1);
  return (int32_t)((int64_t)v >> by) + ((v & mask) > (mask >> 1) + (v < 0));
}
"""
_NUMBERS = (
    "images", "height", "width", "channels", "out_height", "out_width", "filters", "kernel_height", "kernel_width", "groups", "stride_y", "stride_x",
    "top", "left", "dilation_y", "dilation_x", "zero",
)  # fmt: skip
_FUNCTION = """static void @NAME@(const int8_t *x, const int8_t *w, const int32_t *bias, @ENDS@@TYPE@ *y, @NUMBERS@) {
  const npu_job job = {@JOB@};
  for (int32_t n = 0; n < images; n++)
    for (int32_t oy = 0; oy < out_height; oy++)
      for (int32_t ox = 0; ox < out_width; ox++)
        for (int32_t f = 0; f < filters; f++) {
          const int32_t sum = npu_sum(&job, x + n * height * width * channels, w, oy * stride_y - top, ox * stride_x - left, f) + bias[f];
          @STORE@
        }
}
"""
_SUMS = {"NAME": "npu_sums", "ENDS": "", "TYPE": "int32_t", "MORE": "", "STORE": "*y++ = sum;"}
_BYTES = {
    "NAME": "npu_bytes", "ENDS": "const int32_t *multipliers, const int32_t *shifts, ", "TYPE": "int8_t",
    "MORE": ", int32_t zero_out, int32_t low, int32_t high",
    "STORE": "const int32_t v = npu_scale(sum, multipliers[f], shifts[f]) + zero_out;\n          *y++ = (int8_t)(v < low ? low : v > high ? high : v);",
}  # fmt: skip


def _text(words: dict[str, str]) -> str:
    text = _FUNCTION.replace("@NUMBERS@", ", ".join(f"int32_t {n}" for n in _NUMBERS) + words["MORE"]).replace("@JOB@", ", ".join(_NUMBERS))
    for key, value in words.items():
        text = text.replace(f"@{key}@", value)
    return text


class Npu:
    """Takes products of int8 with constant weights, and the requantisation behind each where it is TensorFlow Lite's."""

    name = "npu"

    def claim(self, graph: Graph) -> list[Sequence[Node]]:
        readers = graph.consumers()
        found: list[Sequence[Node]] = []
        for node in graph.nodes:
            if not self._suits(graph, node):
                continue
            after = readers[node.outputs[0]]
            alone = len(after) == 1 and node.outputs[0] not in graph.outputs
            found.append([node, after[0]] if alone and self._end(graph, after[0]) else [node])
        return found

    def emit(self, part: Graph) -> Emission:
        node = part.nodes[0]
        weights, numbers = self._job(part, node)
        bias = part.constants[node.inputs[2]] if len(node.inputs) > 2 and node.inputs[2] else np.zeros(numbers[6])
        args: list[Any] = [In(0), Const(np.ascontiguousarray(weights)), Const(bias.astype(np.int32))]
        ints = list(numbers)
        end = self._end(part, part.nodes[1]) if len(part.nodes) > 1 else None
        if end is not None:
            args += [Const(self._channels(part, part.nodes[1], v, numbers[6])) for v in (end.multiplier, end.shift)]
            ints += [end.zero, *end.bounds]
        words = _SUMS if end is None else _BYTES
        return Emission(words["NAME"], _text(words), (*args, Out(0), *map(Int, ints)), headers=("stdint.h",), before={"npu_core": _CORE})

    @staticmethod
    def _suits(graph: Graph, node: Node) -> bool:
        """Products of int8 and int8 in int32, with constants on the right and nothing fused."""
        attrs = node.attrs
        if node.op not in ("conv_integer", "matmul_integer") or "epilogue" in attrs or "acc" in attrs or len(node.inputs) > 3:
            return False
        if any(graph.types[i].dtype is not DType.I8 for i in node.inputs[:2]) or attrs.get("zero_w", attrs.get("zero_b", 0)) != 0:
            return False
        if node.op == "conv_integer" and (attrs["layout"] != "channels_last" or len(graph.types[node.inputs[0]].shape) != 4):
            return False
        if node.op == "matmul_integer" and (attrs.get("trans_a") or len(graph.types[node.inputs[1]].shape) != 2):
            return False
        constants = [i for i in node.inputs[1:] if i]
        return node.inputs[0] not in graph.constants and all(i in graph.constants for i in constants)

    @staticmethod
    def _end(graph: Graph, node: Node) -> FixedPoint | None:
        """The rule of a requantisation to int8 whose numbers are constants."""
        if node.op != "fused" or any(i not in graph.constants for i in node.inputs[1:]):
            return None
        end = match_fixed(node.attrs["expr"])
        return end if end is not None and end.dtype is DType.I8 else None

    @staticmethod
    def _channels(part: Graph, node: Node, value: Expr, count: int) -> np.ndarray:
        """One number for each filter."""
        found = part.constants[node.inputs[int(value.value)]] if value.op == "arg" else np.asarray(value.value)
        return np.ascontiguousarray(np.broadcast_to(found, count), np.int32)

    @staticmethod
    def _job(part: Graph, node: Node) -> tuple[np.ndarray, tuple[int, ...]]:
        """Weights [filters, channels of a group, height, width], and the numbers of `_NUMBERS`. A product of matrices is a convolution of
        pixels in a row."""
        x, w, y = part.types[node.inputs[0]].shape, part.constants[node.inputs[1]], part.types[node.outputs[0]].shape
        a = node.attrs
        if node.op == "matmul_integer":
            w = w if a.get("trans_b") else w.T
            rows = int(np.prod(x[:-1]))
            return w[:, :, None, None], (1, 1, rows, x[-1], 1, rows, w.shape[0], 1, 1, 1, 1, 1, 0, 0, 1, 1, a.get("zero_a", 0))
        return w, (*x, *y[1:3], *(w.shape[0], *w.shape[2:]), a["group"], *a["strides"], *a["pads"][:2], *a["dilations"], a.get("zero", 0))

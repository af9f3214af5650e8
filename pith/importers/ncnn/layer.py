"""What an ncnn mapping function sees: parameters by number, weights in the order of the file."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pith.graph import Graph
from pith.importers.layers.layer import Layer
from pith.importers.ncnn.param import RawLayer, as_float
from pith.importers.ncnn.weights import Weights

SAME_UPPER, SAME_LOWER = -233, -234


class NcnnLayer(Layer):
    """An ncnn layer. Blobs of ncnn have no batch; values of the graph have one in front: a blob of w x h x c is [N, c, h, w]."""

    def __init__(self, graph: Graph, raw: RawLayer, inputs: Sequence[str], weights: Weights) -> None:
        super().__init__(graph, raw.kind, raw.name, inputs, raw.outputs)
        self.params, self._weights = raw.params, weights

    # parameters

    def whole(self, number: int, default: int = 0) -> int:
        """Parameter `number`, which must be a whole number."""
        value = self.params.get(number, default)
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**31:
            return int(value)
        if not isinstance(value, int):
            raise self.invalid(f"parameter {number} is {value!r}", "it must be a whole number")
        return int(value)

    def real(self, number: int, default: float = 0.0) -> float:
        """Parameter `number` as a float32; it must be finite."""
        value = self.params.get(number)
        if value is None:
            return float(np.float32(default))
        if not isinstance(value, (int, float)):
            raise self.invalid(f"parameter {number} is {value!r}", "it must be a number")
        number_ = as_float(value)
        if not math.isfinite(number_):
            raise self.invalid(f"parameter {number} is {number_}", "it must be finite")
        return number_

    def ints(self, number: int) -> tuple[int, ...]:
        """Parameter `number` as a list of whole numbers, empty when not given."""
        value = self.params.get(number, ())
        values = value if isinstance(value, tuple) else (value,)
        if any(isinstance(v, str) or not float(v).is_integer() for v in values):
            raise self.invalid(f"parameter {number} is {value!r}", "it must be a list of whole numbers")
        return tuple(int(v) for v in values)

    def floats(self, number: int) -> tuple[float, ...]:
        """Parameter `number` as a list of floats, empty when not given."""
        value = self.params.get(number, ())
        values = value if isinstance(value, tuple) else (value,)
        if any(isinstance(v, str) for v in values) or not all(math.isfinite(as_float(v)) for v in values):  # type: ignore[arg-type]
            raise self.invalid(f"parameter {number} is {value!r}", "it must be a list of numbers")
        return tuple(as_float(v) for v in values)  # type: ignore[arg-type]

    def refuse_text(self, *numbers: int) -> None:
        """Refuse sizes given as expressions over the shapes of blobs."""
        for number in numbers:
            if self.params.get(number):
                raise self.unsupported(f"sizes by the expression {self.params[number]!r}", "convert the model for a fixed input size")

    def pair(self, number: int, default: int) -> tuple[int, int]:
        """(height, width): parameter `number` is the width, `number` + 10 the height, the width where it is not given."""
        width = self.whole(number, default)
        return self.whole(number + 10, width), width

    def pads(self, left: int, right: int, top: int, bottom: int) -> tuple[int, int, int, int]:
        """(top, left, bottom, right) by parameter numbers; right is left, top is left and bottom is top unless given."""
        begin = self.whole(left)
        above = self.whole(top, begin)
        return above, begin, self.whole(bottom, above), self.whole(right, begin)

    # weights

    def weights(self, *shape: int) -> np.ndarray:
        """The next weights, stored with a word that says how."""
        return self._load(shape, True)

    def plain(self, *shape: int) -> np.ndarray:
        """The next weights, stored as plain float32."""
        return self._load(shape, False)

    def floating(self, *shape: int) -> np.ndarray:
        """Weights as `weights`, refused where they are int8."""
        w = self.weights(*shape)
        if w.dtype == np.int8:
            raise self.unsupported("weights stored as int8 without scales")
        return w

    def _load(self, shape: tuple[int, ...], tagged: bool) -> np.ndarray:
        if min(shape, default=1) < 1:
            raise self.invalid(f"weights of shape {shape}")
        return self._weights.load(math.prod(shape), self.where, tagged=tagged).reshape(shape)

    # blobs

    def dims(self, v: str) -> int:
        """Axes of a blob without the batch."""
        return self.rank(v) - 1

    def whd(self, v: str) -> tuple[int, int, int, int]:
        """(w, h, d, c) of a blob, 1 for those it has not."""
        s = self.shape(v)[1:]
        if len(s) > 4:
            raise self.unsupported(f"a blob of {len(s)} axes")
        h, w = (1, 1, *s)[-2:]
        return w, h, s[1] if len(s) == 4 else 1, s[0] if len(s) > 2 else 1

    def positive(self, axis: int, v: str) -> int:
        """An axis of a blob (without the batch, maybe negative) as an axis of the value."""
        dims = self.dims(v)
        return self.axis(axis, dims) + 1 if dims else 0

    def blob(self, v: str, shape: Sequence[int]) -> str:
        """`v` with another shape behind the batch."""
        return self.reshape(v, (self.shape(v)[0], *shape))

"""Strides, dilations and padding of TFLite's convolutions and pools, as explicit pads."""

from __future__ import annotations

from dataclasses import dataclass

from pith.importers.tflite.context import Call
from pith.importers.tflite.schema import SAME, VALID

MAX_EXTENT = 2**24


@dataclass(frozen=True, slots=True)
class Window:
    """Of two spatial axes. `pads`: both begins, then both ends."""

    kernel: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    pads: tuple[int, int, int, int]

    @property
    def attrs(self) -> dict[str, tuple[int, ...]]:
        """Attributes of an operator."""
        return {"strides": self.strides, "dilations": self.dilations, "pads": self.pads}


def window(n: Call, size: tuple[int, ...], kernel: tuple[int, ...]) -> Window:
    """The window of the operator over pictures of `size` (height, width)."""
    strides = n.option("stride_h"), n.option("stride_w")
    dilations = (n.option("dilation_h"), n.option("dilation_w")) if "dilation_h" in n.fields else (1, 1)
    padding = n.option("padding")
    if padding not in (SAME, VALID):
        raise n.invalid(f"there is no padding {padding}")
    if min(*kernel, *strides, *dilations) < 1 or max(*kernel, *strides, *dilations) > MAX_EXTENT:
        raise n.invalid(f"kernel {kernel}, strides {strides} and dilations {dilations} must be positive")
    begins, ends = [], []
    for d, k, s, step in zip(size, kernel, strides, dilations, strict=True):
        total = max((-(-d // s) - 1) * s + (k - 1) * step + 1 - d, 0) if padding == SAME else 0
        begins.append(total // 2)
        ends.append(total - total // 2)
    return Window((kernel[0], kernel[1]), strides, dilations, (*begins, *ends))  # type: ignore[arg-type]

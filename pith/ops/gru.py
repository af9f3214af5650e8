"""gru: gated recurrent unit, ONNX semantics (gates in the order z, r, h)."""

from __future__ import annotations

import numpy as np

from pith.ops.base import Attrs, register
from pith.ops.recurrent import Activation, Recurrent, clipped


@register("gru")
class Gru(Recurrent):
    """See `Recurrent`. attrs["linear_before_reset"]: the reset gate applies after the recurrent product and its bias."""

    gates = 3
    default = ("sigmoid", "tanh")

    def step(
        self, state: tuple[np.ndarray, ...], x: np.ndarray, r: np.ndarray, b: np.ndarray, p: np.ndarray, f: list[Activation],
        attrs: Attrs,
    ) -> tuple[np.ndarray, ...]:  # fmt: skip
        (h,) = state
        xz, xr, xh = np.split(x, 3)
        wz, wr, wh, bz, br, bh = np.split(b, 6)
        rz, rr, rh = np.split(r, 3)
        z = f[0](clipped(xz + rz @ h + wz + bz, attrs))
        reset = f[0](clipped(xr + rr @ h + wr + br, attrs))
        inner = reset * (rh @ h + bh) if attrs.get("linear_before_reset", False) else rh @ (reset * h) + bh
        new = f[1](clipped(xh + inner + wh, attrs))
        return ((1 - z) * new + z * h,)

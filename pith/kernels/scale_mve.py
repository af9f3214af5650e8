"""The proven scaling of sums (`proven_scale`) as vectors of Cortex-M55 (MVE), four int32 at a time."""

from __future__ import annotations

import numpy as np

from pith.kernels.base import Call
from pith.kernels.exact_s16 import range_of
from pith.kernels.proven_scale import Scale, scale_of
from pith.kernels.tile_s8 import totals


def scale_for(conv: Call) -> Scale | None:
    """The proven scaling of a conv_integer with constant weights and inputs in their range; None where there is none."""
    w, bias = conv.input(1).const, conv.inputs[2].const if conv.inputs[2] is not None else None
    assert w is not None
    columns = w.reshape(w.shape[0], -1).T
    start = totals(columns, bias, int(conv.attrs.get("zero", 0))).astype(np.int64)
    lo, hi = range_of(conv)
    wide = columns.astype(np.int64)
    up, down = np.maximum(wide, 0).sum(0), np.minimum(wide, 0).sum(0)
    return scale_of(conv, start, up * lo + down * hi, up * hi + down * lo)


def print_scale(scale: Scale) -> list[str]:
    """C statements from the int32x4_t `v`, sums to which nothing is added yet, and `m`, `b` of their channels to the result; the last
    one is its value."""
    lines = [f"const int32x4_t h = vaddq_s32(vmulhq_s32(vshlq_n_s32(v, {8 + scale.lift}), m), b);"]
    return [*lines, f"vminq_s32(vmaxq_s32(vshrq_n_s32(h, {scale.shift}), vdupq_n_s32({scale.lo})), vdupq_n_s32({scale.hi}))"]




def suffix(scale: Scale) -> str:
    """Part of function names that tells scalings apart."""
    return f"_s{scale.shift}l{scale.lift}_{scale.lo}_{scale.hi}".replace("-", "m")

"""What float32 products by the register tile cost, and the schedules they may have.

Costs count the time of one vector multiply-add (`Kernel.cost`).
"""

from __future__ import annotations

import math

from pith.kernels.base import Call, Schedule
from pith.kernels.shape_f32 import columns_near, near_of, panel_widths, shape_for
from pith.kernels.tile_f32 import START
from pith.targets.isa.base import ISA


def product_cost(isa: ISA, m: int, k: int, n: int) -> float:
    """Cycles of an [m, k] x [k, n] product by the tile at one vector multiply-add a cycle, rounding to whole tiles included."""
    s, lanes = shape_for(isa, m), isa.lanes(4)
    panels, vectors = 0, 0.0
    while n > 0:
        width = next(width for least, width in panel_widths(isa) if n >= least)
        n, panels, vectors = n - width, panels + 1, vectors + max(width / lanes, 0.5)
    lower = min(-m % s.rows, m // s.few) if s.close else 0  # blocks of the lower height
    blocks = lower + (m - lower * s.few) // s.rows
    rows = lower * s.few + (blocks - lower) * s.rows
    left = m - rows
    while left > 0:
        height = s.rows if left > 2 * s.few else s.few if left > 1 else 1
        rows, left, blocks = rows + height, left - height, blocks + 1
    return rows * vectors * k + START * blocks * panels


def streams(call: Call) -> bool:
    """Whether the network's weights come from memory in every run: together they are larger than what the last cache keeps of them."""
    return call.options.weight_bytes > call.isa.last


def weights_rate(call: Call) -> float:
    """Bytes of weights that arrive in the time of a multiply-add, from where they lie between two runs of the network."""
    return call.isa.memory if streams(call) else again_rate(call, call.options.weight_bytes)


def again_rate(call: Call, nbytes: float) -> float:
    """The same for `nbytes` of weights that were read a moment ago."""
    return call.isa.beyond if nbytes > call.isa.near * 3 // 4 else math.inf


_BESIDE = 0.25  # of the shorter of products and weights asked ahead, what the longer does not hide: fitted to two processors


def overlapped(isa: ISA, rows: int, products: float, stream: float) -> float:
    """Time of `products` of `rows` rows whose weights take `stream` to arrive: little more than the longer where the tile asks ahead."""
    if shape_for(isa, rows).ahead:
        return max(products, stream) + _BESIDE * min(products, stream)
    return products + stream


def near_schedules(isa: ISA, rows: int, k: int, n: int) -> tuple[Schedule, ...]:
    """Schedules of a product: the amounts of weights to keep near that differ in effect."""
    found: dict[int, Schedule] = {}
    usual = near_of(isa, rows, n)
    for near in (usual, usual // 2, usual // 4, 2 * usual, 1 << 30):
        found.setdefault(columns_near(isa, rows, k, n, near), Schedule.of(near=near))
    return tuple(found.values())

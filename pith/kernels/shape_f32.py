"""Shapes of the float32 register tile, and what follows from them: panels of packed weights, parts for threads.

Packing (`pack`): column panels as wide as the tile, then narrower ones (`panel_widths`) for the columns left; each panel
is its bias, then for each tap and each k one row of the panel, so the weights stream once, in order.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np

from pith.kernels.base import Arg, Begin, End, Int
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction


@dataclass(frozen=True, slots=True)
class Shape:
    """Register tile: `rows` x `vectors` accumulators, and the height used for the last few rows (a third height is one row; 0: all
    blocks are `rows` high). ahead: while a block passes over the weights, it asks for its share of those that come after them;
    whole: the columns are whole panels of the widest kind."""

    rows: int
    vectors: int
    few: int
    ahead: bool = False
    whole: bool = False

    def label(self, isa: ISA) -> str:
        """Part of function names: rows, columns, whether it asks ahead."""
        return f"{self.rows}x{self.vectors * isa.lanes(4)}{'_whole' if self.whole else ''}{'_ahead' if self.ahead else ''}"

    def of(self, isa: ISA, n: int) -> Shape:
        """The shape for n columns: less code where these are whole panels and the blocks of one height."""
        return replace(self, whole=not self.few and n % (self.vectors * isa.lanes(4)) == 0)

    @property
    def heights(self) -> tuple[int, ...]:
        """Heights of the bodies, tallest first."""
        return tuple(dict.fromkeys((self.rows, self.few, 1))) if self.few else (self.rows,)

    @property
    def close(self) -> bool:
        """Whether the lower height is one row less than the other: nearly all numbers of rows are made of both without waste."""
        return 0 < self.few == self.rows - 1

    def height_text(self, end: str, at: str, whole: str) -> str:
        """C expression of the height for the rows from `at` on, of a thread that makes those before `end`, of `whole` in all."""
        left = f"{end if self.close else whole} - {at}"
        if not self.few:
            return str(self.rows)
        if self.close:
            return f"{whole} == 1 ? 1 : ({left}) % {self.rows} ? {self.few} : {self.rows}"
        return f"{left} > {2 * self.few} ? {self.rows} : {left} > 1 ? {self.few} : 1" if self.few > 1 else f"{left} > 1 ? {self.rows} : 1"


def shape_of(isa: ISA) -> Shape:
    """The tile that fills the register file: accumulators, one row of B, one broadcast."""
    if isa.lanes(4) == 1:
        return Shape(4, 4, 1)
    if "lane" in isa.features:  # four k of each row lie in a register
        return Shape(5, 4, 4)
    return Shape(14, 2, 4) if isa.registers >= 32 else Shape(6, 2, 2)


_FEW = 224  # rows up to which a pass over them is no longer than bringing its weights from the last cache


@functools.cache
def shape_for(isa: ISA, rows: int, threads: int = 1) -> Shape:
    """The tile for a product of `rows` rows, of which threads may make whole blocks.

    Few rows are divided into blocks of one height, with as little waste as can be, and each asks for its share of the weights
    that come next: with so few passes over them, bringing the weights would otherwise take as long as multiplying.
    """
    s = shape_of(isa)
    if isa.lanes(4) == 1 or "lane" in isa.features or not 0 < rows <= _FEW:
        return s
    heights = [rows] if rows <= s.rows else range(s.rows, s.rows // 2, -1)

    def cost(height: int) -> int:
        """Rows that the thread with the most blocks makes, and what a block costs besides."""
        return -(-rows // (height * threads)) * (height + 1)

    return Shape(min(heights, key=cost), s.vectors, 0, ahead=rows > 1)


def panel_widths(isa: ISA) -> tuple[tuple[int, int], ...]:
    """(columns left that it takes at least, width) of each panel, widest first; the last takes whatever is left."""
    s, lanes = shape_of(isa), isa.lanes(4)
    half = lanes // 2 if isa.half else 0
    least = lanes + half + 1  # fewer go into a panel of one vector, and one of half a vector
    if s.vectors == 4 and lanes > 1:
        return (3 * lanes + 1, 4 * lanes), (least, 2 * lanes), (1, lanes)
    return ((least, s.vectors * lanes), (half + 1, lanes), *(((1, half),) if half else ()))


@functools.cache
def panel_width(isa: ISA) -> CFunction:
    """C function: the width of the panel that begins where `left` columns are left."""
    *wider, (_, last) = panel_widths(isa)
    name = f"panel_width_{isa.name}"
    choice = "".join(f"left >= {least} ? {width} : " for least, width in wider)
    text = f"/* width of the panel that begins where `left` columns are left */\nstatic inline int32_t {name}(int32_t left) {{"
    return CFunction(name, f"{text} return {choice}{last}; }}\n", (), ("stdint.h",))


def near_of(isa: ISA, rows: int, n: int) -> int:
    """Bytes of packed weights that stay near (in the second-level cache) while all rows pass by; where the next are asked for
    meanwhile, these and rows of about `n` elements on both sides have to have room beside them."""
    if shape_for(isa, rows).ahead:
        return max(192 << 10, (isa.near * 3 // 4 - 8 * rows * n) // 2)
    return max(384 << 10, isa.near * 3 // 8)


def columns_near(isa: ISA, rows: int, k: int, n: int, near: int = 0) -> int:
    """Columns of [k, n] packed weights to take at a time: all of them, or whole panels that stay near (`near` bytes, 0: what
    suits the processor) for many rows."""
    s = shape_of(isa)
    near = near or near_of(isa, rows, n)
    width = s.vectors * isa.lanes(4)
    if rows <= s.rows or 4 * k * n <= near * 3 // 2:
        return n
    panels, most = -(-n // width), max(1, near // (4 * k * width))
    return -(-panels // -(-panels // most)) * width  # parts of equal size


def by_rows(isa: ISA, units: int, pixels: int, channels: int, threads: int, weights: int) -> bool:
    """Whether threads share out rows of pixels, in `units`, rather than channels: where that is even, and there are pixels enough
    for `weights` bytes of weights.

    Layers that do the same find half of their input in their own core's cache; what another core wrote takes several times
    longer to come than weights, which every thread has to read whole then. Weights that no core's cache holds want more pixels.
    """
    most = 20 if weights <= isa.near else 4
    return units >= 16 or (units >= 2 and -(-units // threads) * threads <= 1.15 * units and channels <= most * pixels)


def parts(isa: ISA, m: int, k: int, n: int, threads: int, *, columns: bool = True) -> tuple[int, tuple[Arg, Arg, Arg, Arg]]:
    """How threads share out an [m, k] by [k, n] product: units, and the arguments m_from, m_to, n_from, n_to of a part.

    Blocks of rows (where `by_rows` says so), or whole panels of columns (where `columns` allows them): either way every element
    is computed as in one go.
    """
    s = shape_for(isa, m, threads) if columns else shape_of(isa)
    width = s.vectors * isa.lanes(4)
    blocks, panels = max(1, -(-m // s.rows)), max(1, -(-n // width))
    if not columns or panels == 1 or by_rows(isa, blocks, m, n, threads, 4 * k * n):
        return blocks, (Begin(s.rows), End(s.rows, m), Int(0), Int(n))
    return panels, (Int(0), Int(m), Begin(width), End(width, n))


def pack(isa: ISA, weights: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """Weights [taps * k, N] and bias [N] in the order the tile reads them, as one row of float32."""
    k, n = weights.shape
    stacked = np.zeros((k + 1, n), np.float32)
    stacked[1:] = weights
    if bias is not None:
        stacked[0] = bias
    panels, c = [], 0
    while c < n:
        width = next(width for least, width in panel_widths(isa) if n - c >= least)
        panel = np.zeros((k + 1, width), np.float32)
        part = stacked[:, c : c + width]
        panel[:, : part.shape[1]] = part
        panels.append(panel.reshape(-1))
        c += width
    return np.concatenate(panels) if panels else np.zeros(0, np.float32)


AHEAD = CFunction(
    "weights_ahead",
    """/* where the weights begin that block number `block` of `blocks` asks for: its share of those behind w's `bytes`. Behind the network's
   last ones there is nothing to ask for, and an address that is not mapped costs some processors a search each time: then those at w */
static inline uintptr_t weights_ahead(const float *w, uintptr_t bytes, int32_t blocks, int32_t block) {
  const uintptr_t share = bytes / (uintptr_t)blocks, next = (uintptr_t)w + share * (uintptr_t)(blocks + block);
  return next + share <= PITH_WEIGHTS_END ? next : (uintptr_t)w;
}
""",
    (),
    ("stdint.h",),
)


def next_part(shape: Shape, elements: str, block: str) -> str:
    """C arguments that end a call of `tile_f32.row_block` with a shape that asks ahead: where the weights after these, of
    `elements` numbers, begin for the block of rows with the index `block` of `blocks`; empty for any other shape. `row_block` brings
    the function."""
    return f", {AHEAD.name}(w, 4 * (uintptr_t)({elements}), blocks, {block}), blocks" if shape.ahead else ""

"""Depthwise convolution of two vectors of channels, float32, column after column, in A64 assembly.

Where two neighbouring vectors come by one load, and there are registers for the weights of both, no input is loaded twice for a
row of output: each column, as high as the kernel, serves every output that overlaps it, and the outputs in flight stay in
registers. What is left to do besides products is three loads, the epilogue and one store for eight numbers.
Rows above and below the picture are read as zeros; columns left and right of it are left out.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from pith.graph import DType, Expr
from pith.kernels.tile_f32 import NOINLINE, Tail
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.f32 import dialect

VECTORS = 2  # of channels at a time
_NEAR = 16 << 10  # bytes of cache lines of the input that stay in a first-level cache until the next channels are taken


@dataclass(frozen=True, slots=True)
class Edges:
    """How the rows of a layer begin and end, and its channels. left: columns of the first output before the picture;  over: columns
    of the last one past it;  turn: what is left of the outputs inside the picture when as many at a time are made as overlap one
    column;  odd: the last vector of channels has no other beside it."""

    left: int
    over: int
    turn: int
    odd: bool


def in_flight(kw: int, sw: int) -> int:
    """Outputs of a row that overlap one column."""
    return -(-kw // sw)


def bounds(tail: Tail) -> tuple[tuple[str, int], ...] | None:
    """The epilogue as instructions ("fmin" or "fmax", number of the extra it compares with, -1: with zero) in order; None where it
    is of another kind."""
    found: list[tuple[str, int]] = []
    e = tail.expr
    while e is not None and e.op in ("min", "max") and e.dtype is DType.F32:
        numbers = [_number(a, tail) for a in e.args]
        if (at := next((i for i, n in enumerate(numbers) if n is not None), None)) is None:
            return None
        found.append((f"f{e.op}", numbers[at] or 0))
        e = e.args[1 - at]
    return tuple(found[::-1]) if e is None or (e.op == "arg" and int(e.value) == 0) else None


def _number(e: Expr, tail: Tail) -> int | None:
    """Which extra of the kind "value" an expression is, -1 for zero; None for anything else."""
    if e.op == "arg":
        return int(e.value) - 1 if int(e.value) and tail.kinds[int(e.value) - 1] == "value" else None
    return -1 if e.op == "const" and e.value == 0 else None


def edges_of(kw: int, sw: int, left: int, iw: int, ow: int, vectors: int) -> Edges | None:
    """For rows of `iw` columns with `left` before them and `ow` outputs, of so many vectors of channels; None where they are too
    short, or padded too much."""
    over = max(0, (ow - 1) * sw + kw - left - iw)
    if left > kw - sw or over >= kw or iw < kw or ow <= -(-over // sw):
        return None
    return Edges(left, over, (ow - -(-over // sw)) % in_flight(kw, sw), vectors % VECTORS > 0)


def walks(isa: ISA, channels: int, kh: int, kw: int, sw: int, tail: Tail) -> bool:
    """Whether a layer may be made so: whole vectors of channels, registers enough, an epilogue of bounds."""
    steps = bounds(tail)
    if "pair" not in isa.features or channels % isa.lanes(4) or sw > kw or steps is None:
        return False
    return VECTORS * (kh * kw + kh + in_flight(kw, sw)) + len({i for _, i in steps}) <= isa.registers and kh <= 4


def pack_walk(weights: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """Weights [C, kh, kw] and bias [C], C a multiple of 4, by blocks of 8 channels (the last may have 4): bias, then taps; float32."""
    ch = weights.shape[0]
    stacked = np.zeros((1 + weights[0].size, ch), np.float32)
    stacked[1:] = weights.reshape(ch, -1).T
    if bias is not None:
        stacked[0] = bias
    return np.concatenate([stacked[:, c : c + 4 * VECTORS].reshape(-1) for c in range(0, ch, 4 * VECTORS)])


def _row(kh: int, kw: int, sw: int, edges: Edges, steps: tuple[tuple[str, int], ...], vectors: int) -> tuple[list[str], int]:
    """Assembly of one row of output, and how many registers it takes from v0 on."""
    flight, taps = in_flight(kw, sw), kh * kw
    at = [vectors * flight, vectors * (flight + kh)]  # the first register of columns, of weights; sums before them

    def several(first: int, count: int) -> str:
        return "{" + ", ".join(f"v{first + i}.4s" for i in range(count)) + "}"

    def begin(s: int) -> str:
        return f"ld1 {several(s * vectors, vectors)}, [%[w]]"

    def column(tap: int, sums: list[int]) -> list[str]:
        """One column into the sums of the outputs in flight, of the first of which it is column `tap`."""
        o = [f"ld1 {several(at[0] + t * vectors, vectors)}, [%[p{t}]], %[d{t}]" for t in range(kh)]
        for t in range(kh):
            for d, s in enumerate(sums):
                if 0 <= (own := tap - d * sw) < kw:
                    o += [f"fmla v{s * vectors + v}.4s, v{at[0] + t * vectors + v}.4s, v{at[1] + (t * kw + own) * vectors + v}.4s" for v in range(vectors)]
        return o

    def step(sums: list[int], columns: int, *, last: bool = False) -> list[str]:
        """The last columns of an output, as many as there are of them, and its end; the next output but few begins."""
        own = range(sums[0] * vectors, (sums[0] + 1) * vectors)
        o = [begin(sums[-1])] if flight > 1 and not last else []
        for tap in range(kw - sw, kw - sw + columns):
            o += column(tap, sums)
        o += [f"{op} v{s}.4s, v{s}.4s, %[{f'e{i}' if i >= 0 else 'zero'}].4s" for op, i in steps for s in own]
        o.append(f"st1 {several(own[0], vectors)}, [%[to]], %[yw]")
        return [*o, begin(sums[0])] if flight == 1 and not last else o

    order = list(range(flight))
    turned = [order[i:] + order[:i] for i in order]
    o = [f"add x9, %[w], #{16 * vectors}"]
    for first in range(0, taps * vectors, 4):
        count = min(4, taps * vectors - first)
        o.append(f"ld1 {several(at[1] + first, count)}, [x9], #{16 * count}")
    o += [begin(d) for d in (order[:-1] or order)]
    for tap in range(edges.left, kw - sw):
        o += column(tap, order[:-1])
    o += ["cbz %w[n], 2f", "1:"]
    for sums in turned:
        o += step(sums, sw)
    o += ["subs %w[n], %w[n], #1", "b.ne 1b", "2:"]
    for i in range(edges.turn):
        o += step(turned[i], sw)
    out = -(-edges.over // sw)
    for i in range(out):
        inside = min(sw, max(0, sw - edges.over + (out - 1 - i) * sw))
        o += step(turned[(edges.turn + i) % flight], inside, last=i == out - 1)
    return o, vectors * (flight + kh + taps)


@functools.cache
def walk(isa: ISA, kh: int, kw: int, sw: int, edges: Edges, tail: Tail, vectors: int) -> CFunction:
    """C function: rows i0, ..., i1 - 1 of the output of `vectors` vectors of channels, whose first are at x, w and y.

    xh, xw, yh, yw: elements from one row and from one pixel to the next;  sh, dh: stride and dilation of rows;  w: see `pack_walk`.
    """
    steps = bounds(tail)
    assert steps is not None
    lines, registers = _row(kh, kw, sw, edges, steps, vectors)
    out = -(-edges.over // sw)
    label = f"{kh}x{kw}s{sw}l{edges.left}r{edges.over}{f't{edges.turn}' if in_flight(kw, sw) > 1 else ''}"
    name = f"walk_f32_{isa.name}_{label}_{4 * vectors}{tail.suffix}"
    values = {f"e{i}" if i >= 0 else "zero": f"vf_set1({f'e{i}' if i >= 0 else '0.0f'})" for _, i in steps}
    fixed = "".join(f"  const vf {k}_all = {v};\n" for k, v in values.items())
    taps = ""
    for t in range(kh):
        taps += f"""    const int32_t y{t} = i * sh - ph{f" + {t} * dh" if t > 1 else " + dh" if t else ""};
    const int in{t} = y{t} >= 0 && y{t} < ih;
    const float *p{t} = in{t} ? x + y{t} * xh : none;
    const ptrdiff_t d{t} = in{t} ? 4 * xw : 0;
"""
    changed = ", ".join([*(f'[p{t}] "+&r"(p{t})' for t in range(kh)), '[to] "+&r"(to)', '[n] "+&r"(n)'])
    given = ", ".join([*(f'[d{t}] "r"(d{t})' for t in range(kh)), '[yw] "r"(4 * yw)', '[w] "r"(w)', *(f'[{k}] "w"({k}_all)' for k in values)])
    lost = ", ".join(f'"{r}"' for r in [*(f"v{i}" for i in range(registers)), "x9", "cc", "memory"])
    text = f"""/* rows i0 ... i1 - 1 of {4 * vectors} channels, a column at a time */
static void {name}(const float *x, const float *w, float *y{tail.params(False)}, int32_t i0, int32_t i1, int32_t ow, int32_t ih,
    int32_t sh, int32_t dh, int32_t ph, ptrdiff_t xh, ptrdiff_t xw, ptrdiff_t yh, ptrdiff_t yw) {{
  static const float none[{4 * vectors}] = {{0}};
{fixed}  for (int32_t i = i0; i < i1; i++) {{
{taps}    float *to = y + i * yh;
    int32_t n = {f"(ow - {out})" if out else "ow"} / {in_flight(kw, sw)};
    __asm__ volatile(
{chr(10).join(f'        "{line}{chr(92)}n"' for line in lines)}
        : {changed}
        : {given}
        : {lost});
  }}
}}
"""
    return CFunction(name, text, (dialect(isa),), ("stdint.h", "stddef.h"))


def _groups(isa: ISA, kh: int, kw: int, sw: int, edges: Edges, tail: Tail, x: str, y: str, given: str, indent: str) -> tuple[str, tuple[CFunction, ...]]:
    """C of a loop over channels c_from, ..., c_to - 1, and what it calls; x, y: where channel 0 lies; given: further arguments."""
    called = tuple(walk(isa, kh, kw, sw, edges, tail, v) for v in ((VECTORS, 1) if edges.odd else (VECTORS,)))
    passed = "".join(f", e{i}" for i in range(len(tail.kinds)))
    calls = [f"{f.name}({x} + c, w + (ptrdiff_t)c * {1 + kh * kw}, {y} + c{passed}, {given});" for f in called]
    lines = ["int32_t c = c_from;", f"for (; c <= c_to - {4 * VECTORS}; c += {4 * VECTORS})", f"  {calls[0]}"]
    return "".join(f"{indent}{line}\n" for line in [*lines, *(f"if (c < c_to) {text}" for text in calls[1:])]), called


@functools.cache
def depthwise_walk(isa: ISA, tail: Tail, kh: int, kw: int, sw: int, edges: Edges) -> CFunction:
    """A whole layer, or some rows and channels of it; called as `conv_f32_depthwise.depthwise` is. c_from: a multiple of 8.

    Apart from its callers: assembly looks short to a compiler, which would repeat it for every layer.
    """
    loop, called = _groups(
        isa, kh, kw, sw, edges, tail, "xb", "yb", "i0, i0 + rows, ow, ih, sh, dh, ph, xh, xw, yh, yw", "    ",
    )  # fmt: skip
    name = f"conv_f32_{isa.name}_depthwise_walk{'_odd' if edges.odd else ''}_{called[0].name.removeprefix(f'walk_f32_{isa.name}_')}"
    text = f"""PITH_NOINLINE static void {name}(const float *x, const float *w, const float *zero, float *y{tail.params(False)},
    int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t sh, int32_t dh, int32_t ph, int32_t pw,
    int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw,
    int32_t r_from, int32_t r_to, int32_t c_from, int32_t c_to) {{
  const int32_t near = iw < {_NEAR // 64} ? {_NEAR // 64} / iw : 1; /* rows of which all inputs stay in the first-level cache */
  (void)zero;
  (void)pw;
  for (int32_t r = r_from, rows; r < r_to; r += rows) {{
    const int32_t b = r / oh, i0 = r % oh, left = r_to - r < oh - i0 ? r_to - r : oh - i0;
    const float *const xb = x + (ptrdiff_t)b * xn;
    float *const yb = y + (ptrdiff_t)b * yn;
    rows = left < near ? left : near;
{loop}  }}
}}
"""
    return CFunction(name, text, (NOINLINE, *called), ("stdint.h", "stddef.h"))


@functools.cache
def block_walk(isa: ISA, tail: Tail, kh: int, kw: int, sw: int, edges: Edges, block: int) -> CFunction:
    """The first `cols` channels of a block e [ih, width / block, block] that has no columns of zeros, called as
    `strip_f32.depthwise_block` is."""
    loop, called = _groups(isa, kh, kw, sw, edges, tail, "e", "y", f"0, oh, ow, ih, sh, 1, ph, width, {block}, yh, yw", "  ")
    name = f"conv_f32_{isa.name}_block_walk{block}{'_odd' if edges.odd else ''}_{called[0].name.removeprefix(f'walk_f32_{isa.name}_')}"
    text = f"""static void {name}(const float *e, const float *w, float *y{tail.params(False)}, int32_t oh, int32_t ow, int32_t ih,
    int32_t sh, int32_t ph, int32_t width, int32_t yh, int32_t yw, int32_t cols) {{
  const int32_t c_from = 0, c_to = cols;
{loop}}}
"""
    return CFunction(name, text, called, ("stdint.h", "stddef.h"))

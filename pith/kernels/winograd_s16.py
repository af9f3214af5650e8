"""Winograd's F(2,3) and F(4,3) in integers, exact: the transforms, why they are exact, and their C.

Y = A^T [(G w G^T) * (B^T d B)] A with G and A in multiples that are whole numbers, so that the result is `scale`^2 times the sum.
Inputs d (less their zero point) and weights fit 16 bits once they are transformed, whatever they were. Sums of their products and
all of the transform back are made modulo 2^32. There `scale`^2 = 2^s times an odd number, which has an inverse: the product with
that is 2^s times the sum, and moved down by s bits the sum itself, where that is less than 2^(31 - s).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from pith.graph import DType
from pith.kernels.tail_s8 import SumTail, finish_block
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.s8 import dialect_s8
from pith.vector.s16 import words

TAPS = 3
APART = 32  # 16-bit numbers between the values of a tile beyond the block's own: at steps of whole pages they would evict each other
CHUNK = 4  # vectors of sums that go through the epilogue at a time
LARGEST = 255  # magnitude of an input less its zero point


@dataclass(frozen=True, slots=True)
class Transforms:
    """at @ ((g @ w) * (bt @ d)) = scale * (the correlation of d with w), along one axis."""

    bt: tuple[tuple[int, ...], ...]
    g: tuple[tuple[int, ...], ...]
    at: tuple[tuple[int, ...], ...]
    scale: int

    @property
    def down(self) -> int:
        """Twos in scale^2."""
        return (self.scale**2 & -(self.scale**2)).bit_length() - 1

    @property
    def inverse(self) -> int:
        """Of the odd part of scale^2 modulo 2^32, as int32."""
        found = pow(self.scale**2 >> self.down, -1, 2**32)
        return found - 2**32 if found >= 2**31 else found

    @property
    def most(self) -> int:
        """The magnitude of sums that come back."""
        return (1 << (31 - self.down)) - 1


# interpolation points 0, 1, -1 (2, -2) and infinity
TRANSFORMS = {
    2: Transforms(
        ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1)),
        ((1, 0, 0), (1, 1, 1), (1, -1, 1), (0, 0, 1)),
        ((2, 1, 1, 0), (0, 1, -1, -2)),
        2,
    ),
    4: Transforms(
        ((4, 0, -5, 0, 1, 0), (0, -4, -4, 1, 1, 0), (0, 4, -4, -1, 1, 0), (0, -2, -1, 2, 1, 0), (0, 2, -1, -2, 1, 0), (0, 4, 0, -5, 0, 1)),
        ((3, 0, 0), (-1, -1, -1), (-1, 1, -1), (1, 2, 4), (1, -2, 4), (0, 0, 3)),
        ((2, 4, 4, 1, 1, 0), (0, 4, -4, 2, -2, 0), (0, 4, 4, 4, 4, 0), (0, 4, -4, 8, -8, 8)),
        24,
    ),
}  # fmt: skip


def gain(matrix: tuple[tuple[int, ...], ...]) -> int:
    """By how much a transform along both axes can enlarge a number."""
    return max(sum(map(abs, row)) for row in matrix) ** 2


def fits(m: int, weights: np.ndarray, farthest: int) -> bool:
    """Whether F(m,3) of int8 weights [O, C, 3, 3] and inputs at most `farthest` from their zero point is exact."""
    t = TRANSFORMS[m]
    if gain(t.bt) * farthest >= 2**15 or gain(t.g) * 128 >= 2**15:
        return False
    total = np.abs(weights.astype(np.int64)).sum((1, 2, 3)).max(initial=0)
    return int(total) * farthest <= t.most


def transformed(weights: np.ndarray, m: int) -> np.ndarray:
    """G w G^T of int8 weights [O, C, 3, 3] as int16 [(m + 2)^2, C, O]."""
    g = np.array(TRANSFORMS[m].g, np.int32)
    u = np.einsum("ik,ockl,jl->ijco", g, weights.astype(np.int32), g, optimize=True)
    assert np.abs(u).max(initial=0) < 2**15
    return np.ascontiguousarray(u.reshape(-1, *u.shape[2:]).astype(np.int16))


def panels(u: np.ndarray, isa: ISA) -> np.ndarray:
    """Transformed weights [elements, C, O] as panels of two vectors of columns (the last of one, where no more are left), of each
    two neighbouring channels side by side: [elements, numbers]."""
    lanes, (elements, c, n) = isa.lanes(4), u.shape
    full = np.zeros((elements, -(-c // 2) * 2, -(-n // lanes) * lanes), np.int16)
    full[:, :c, :n] = u
    pairs = full.reshape(elements, -1, 2, full.shape[2]).swapaxes(2, 3)  # [elements, C / 2, O, 2]
    parts = [pairs[:, :, k : k + 2 * lanes].reshape(elements, -1) for k in range(0, full.shape[2], 2 * lanes)]
    return np.concatenate(parts, 1)


def _into(m: int, d: list[str], tag: str) -> tuple[list[str], list[str]]:
    """Statements and results of B^T d along one axis, in 16 bits."""
    if m == 2:
        return [], [f"vi_sub16({d[0]}, {d[2]})", f"vi_add16({d[1]}, {d[2]})", f"vi_sub16({d[2]}, {d[1]})", f"vi_sub16({d[1]}, {d[3]})"]
    lines = [
        f"const vi {tag}a = vi_sub16({d[4]}, vi_up16({d[2]}, 2)), {tag}b = vi_sub16({d[3]}, vi_up16({d[1]}, 2));",
        f"const vi {tag}c = vi_sub16({d[4]}, {d[2]}), {tag}d = vi_sub16({d[3]}, {d[1]}), {tag}e = vi_up16({tag}d, 1);",
    ]
    results = [
        f"vi_add16({tag}c, vi_up16(vi_sub16({d[0]}, {d[2]}), 2))", f"vi_add16({tag}a, {tag}b)", f"vi_sub16({tag}a, {tag}b)",
        f"vi_add16({tag}c, {tag}e)", f"vi_sub16({tag}c, {tag}e)", f"vi_sub16(vi_sub16({d[5]}, {d[3]}), vi_up16({tag}d, 2))",
    ]  # fmt: skip
    return lines, results


def _back(m: int, u: list[str], tag: str) -> tuple[list[str], list[str]]:
    """Statements and results of A^T u along one axis, in 32 bits."""
    lines = [f"const vi {tag}a = vi_add({u[1]}, {u[2]}), {tag}b = vi_sub({u[1]}, {u[2]});"]
    if m == 2:
        return lines, [f"vi_add(vi_up({u[0]}, 1), {tag}a)", f"vi_sub({tag}b, vi_up({u[3]}, 1))"]
    lines += [
        f"const vi {tag}c = vi_add({u[3]}, {u[4]}), {tag}d = vi_sub({u[3]}, {u[4]});",
        f"const vi {tag}e = vi_up({tag}a, 2), {tag}f = vi_up({tag}b, 2);",
    ]
    results = [
        f"vi_add(vi_add(vi_up({u[0]}, 1), {tag}e), {tag}c)", f"vi_add({tag}f, vi_up({tag}d, 1))",
        f"vi_add({tag}e, vi_up({tag}c, 2))", f"vi_add({tag}f, vi_up(vi_add({tag}d, {u[5]}), 3))",
    ]  # fmt: skip
    return lines, results


def _lines(lines: list[str], indent: int) -> str:
    return "".join(f"{' ' * indent}{line}\n" for line in lines)


@functools.cache
def into_tile(isa: ISA, m: int, dtype: DType) -> CFunction:
    """C function: B^T d B of one tile for every channel; element e of channel k goes to v[e * step + k], whole vectors of them."""
    a, lanes = m + TAPS - 1, isa.lanes(2)
    t = TRANSFORMS[m]
    columns, down = _into(m, [f"d{i}" for i in range(a)], "p")
    rows, across = _into(m, [f"t[i * {a} + {j}]" for j in range(a)], "q")
    name = f"winograd_in_{dtype.short}_{isa.name}_{m}"
    # a number taken off all inputs is one taken off the rows whose coefficients do not add up to 0: a single one
    (offset,) = [i for i in range(a) if sum(t.bt[i])]
    down[offset] = f"vi_sub16({down[offset]}, shift)"

    def tile(load: str) -> str:
        return (
            f"    for (int32_t j = 0; j < {a}; j++) {{\n"
            + _lines([f"const vi d{i} = {load.format(f'd[{i * a} + j] + k')};" for i in range(a)] + columns, 6)
            + _lines([f"t[{i * a} + j] = {x};" for i, x in enumerate(down)], 6)
            + f"    }}\n    for (int32_t i = 0; i < {a}; i++) {{\n      int16_t *const to = v + i * {a} * step + k;\n"
            + _lines(rows + [f"vi_store((int32_t *)(void *)(to{f' + {j} * step' if j else ''}), {x});" for j, x in enumerate(across)], 6)
            + "    }\n"
        )

    text = f"""/* B^T d B of one tile of F({m},3) in 16 bits: pixels d[{a * a}] less zero, element e of channel k to v[e * step + k] */
static void {name}(const {dtype.c} *const *d, int16_t *v, ptrdiff_t step, int32_t c, int32_t zero) {{
  const vi shift = vi_set16({sum(t.bt[offset])} * zero);
  vi t[{a * a}];
  int32_t k = 0;
  for (; k <= c - {lanes}; k += {lanes}) {{
{tile(f"vi_words_{dtype.short}({{}})")}  }}
  if (k < c) {{
{tile(f"vi_words_part_{dtype.short}({{}}, c - k)")}  }}
}}
"""
    return CFunction(name, text, (words(isa),), ("stdint.h", "stddef.h"))


@functools.cache
def out_of_tile(isa: ISA, m: int, tail: SumTail) -> CFunction:
    """C function: A^T u A of one tile for every channel, the factor taken off, bias and epilogue, its first mh x mw pixels stored."""
    a, lanes, t = m + TAPS - 1, isa.lanes(4), TRANSFORMS[m]
    columns, down = _back(m, [f"u{i}" for i in range(a)], "p")
    rows, across = _back(m, [f"t[i * {a} + {j}]" for j in range(a)], "q")
    finish = finish_block(isa, tail)
    name = f"winograd_out_s8_{isa.name}_{m}{tail.suffix}"
    passed = "".join(f", e{i}" for i in range(len(tail.kinds)))
    exact = "vi_down({}, DOWN)" if t.inverse == 1 else "vi_down(vi_mul({}, inverse), DOWN)"
    width = CHUNK * lanes
    stores = []
    for j, x in enumerate(across):
        store = f"vi_store(to{f' + {j * width}' if j else ''}, vi_add({exact.format(x).replace('DOWN', str(t.down))}, b));"
        stores.append(f"if (mw > {j}) {store}" if j else store)
    constant = "" if t.inverse == 1 else f"  const vi inverse = vi_set1({t.inverse});\n"
    text = f"""/* A^T u A of one tile of F({m},3), exact, bias and epilogue: its first mh x mw pixels, row by row at y */
static void {name}(const int32_t *u, ptrdiff_t step, const int32_t *bias, {tail.out.c} *const *y, int32_t mh, int32_t mw,
    int32_t n{tail.params(True)}, int32_t zero) {{
  int32_t s[{m * m * width}];
  vi t[{m * a}];
{constant}  for (int32_t c = 0; c < n; c += {width}) {{
    const int32_t cols = n - c < {width} ? n - c : {width};
    for (int32_t k = 0; k < cols; k += {lanes}) {{
      for (int32_t j = 0; j < {a}; j++) {{
        const int32_t *const from = u + j * step + c + k;
{_lines([f"const vi u{i} = vi_load(from + {i * a} * step);" for i in range(a)] + columns, 8)}{
        _lines([f"t[{i * a} + j] = {x};" for i, x in enumerate(down)], 8)}      }}
      const vi b = vi_load(bias + c + k);
      for (int32_t i = 0; i < mh; i++) {{
        int32_t *const to = s + i * mw * {width} + k;
{_lines([*rows, *stores], 8)}      }}
    }}
    {finish.name}(s, {width}, y, c, mh * mw, cols{passed}, zero);
  }}
}}
"""
    return CFunction(name, text, (finish, dialect_s8(isa), words(isa)), ("stdint.h", "stddef.h"))


@functools.cache
def products(isa: ISA, tall: int) -> CFunction:
    """C function: for each element of the tiles the product of their channels with the panels of its weights, whole groups of rows."""
    lanes = isa.lanes(4)
    prefix = f"{isa.name}{'_vnni' if 'vnni' in isa.features else ''}"
    bodies = []
    for vectors in (2, 1):
        name = f"tile_{prefix}_wide_{tall}x{vectors * lanes}"
        o = [
            f"/* {tall} rows x {vectors} vectors: s[r] = sum over k of a[r][k] * w, products of 16 bits */",
            f"static void {name}(int32_t pairs, const int16_t *a, ptrdiff_t as, const int16_t *w, int32_t *s, ptrdiff_t ss) {{",
            *(f"  const int16_t *const a{r} = a{f' + {r} * as' if r else ''};" for r in range(tall)),
            *(f"  vi s{r}_{v} = vi_set1(0);" for r in range(tall) for v in range(vectors)),
            f"  for (int32_t k = 0; k < 2 * pairs; k += 2, w += {2 * vectors * lanes}) {{",
            *(f"    const vi b{v} = vi_load(w + {2 * v * lanes});" for v in range(vectors)),
        ]
        for r in range(tall):
            o.append(f"    const vi x{r} = vi_four(a{r} + k);")
            o += [f"    s{r}_{v} = vi_sum_two(s{r}_{v}, x{r}, b{v});" for v in range(vectors)]
        o.append("  }")
        o += [f"  vi_store(s + {r} * ss + {v * lanes}, s{r}_{v});" for r in range(tall) for v in range(vectors)]
        bodies.append(CFunction(name, "\n".join([*o, "}"]) + "\n", (words(isa),), ("stdint.h", "stddef.h")))
    name = f"winograd_products_s16_{prefix}_{tall}x{2 * lanes}"
    text = f"""/* `elements` products of `rows` tiles (whole groups of {tall}); of the weights that come next each group of rows asks for its share */
static void {name}(const int16_t *v, ptrdiff_t vs, const int16_t *w, int32_t *u, ptrdiff_t us, int32_t elements, int32_t rows,
    int32_t pairs, int32_t cs, int32_t ns) {{
  for (int32_t e = 0; e < elements; e++, v += vs, u += us)
    for (int32_t c = 0; c < ns; c += {2 * lanes}) {{
      const int32_t width = ns - c > {lanes} ? {2 * lanes} : {lanes};
      const ptrdiff_t panel = 2 * (ptrdiff_t)width * pairs, share = (panel * {tall} / rows + 31) / 32 * 32;
      const int16_t *ahead = w + panel;
      for (int32_t r = 0; r < rows; r += {tall}, ahead += share) {{
        for (ptrdiff_t i = 0; i < share; i += 32) __builtin_prefetch(ahead + i);
        if (width == {2 * lanes}) {bodies[0].name}(pairs, v + (ptrdiff_t)r * cs, cs, w, u + (ptrdiff_t)r * ns + c, ns);
        else {bodies[1].name}(pairs, v + (ptrdiff_t)r * cs, cs, w, u + (ptrdiff_t)r * ns + c, ns);
      }}
      w += panel;
    }}
}}
"""
    return CFunction(name, text, tuple(bodies), ("stdint.h", "stddef.h"))


@functools.cache
def winograd(isa: ISA, m: int, dtype: DType, tail: SumTail, tall: int) -> CFunction:
    """C function: blocks of tiles begin, ..., end - 1 of a layer, each through all three stages while it is in cache."""
    a, lanes, x = m + TAPS - 1, isa.lanes(4), dtype.c
    into, product, back = into_tile(isa, m, dtype), products(isa, tall), out_of_tile(isa, m, tail)
    strides = "".join(f", int32_t en{i}, int32_t eh{i}, int32_t ew{i}" for i, _ in tail.full)
    full = dict(tail.full)
    arrays = "".join(f"      const {kind} *r{i}[{m * m}];\n" for i, kind in tail.full)
    places = "".join(
        f"          r{i}[r] = e{i} + (ptrdiff_t)b * en{i} + (ptrdiff_t)(i0 + i) * eh{i} + (ptrdiff_t)(j0 + j) * ew{i};\n" for i in full
    )
    passed = "".join(f", r{i}" if i in full else f", e{i}" for i in range(len(tail.kinds)))
    name = f"conv_{dtype.short}s8_{product.name.removeprefix('winograd_products_s16_')}_winograd{m}{tail.suffix}"
    text = f"""static void {name}(const {x} *x, const int16_t *w, const int32_t *bias, const {x} *zero, {tail.out.c} *y{tail.params(False)},
    void *scratch, int32_t tiles, int32_t oh, int32_t ow, int32_t ih, int32_t iw, int32_t c, int32_t n, int32_t block,
    int32_t ph, int32_t pw, int32_t xn, int32_t xh, int32_t xw, int32_t yn, int32_t yh, int32_t yw{strides}, int32_t zero_x, int32_t zero_y,
    int32_t begin, int32_t end) {{
  const int32_t cs = (c + {2 * lanes - 1}) / {2 * lanes} * {2 * lanes}, ns = (n + {lanes - 1}) / {lanes} * {lanes};
  const int32_t th = (oh + {m - 1}) / {m}, tw = (ow + {m - 1}) / {m};
  const ptrdiff_t vs = (ptrdiff_t)block * cs + {APART}, us = (ptrdiff_t)block * ns + {APART // 2};
  int16_t *const v = (int16_t *)scratch;
  int32_t *const u = (int32_t *)(void *)(v + {a * a} * vs);
  for (int32_t t0 = begin * block; t0 < tiles && t0 < end * block; t0 += block) {{
    const int32_t count = tiles - t0 < block ? tiles - t0 : block;
    for (int32_t t = t0; t < t0 + count; t++) {{
      const int32_t b = t / (th * tw), i0 = t / tw % th * {m} - ph, j0 = t % tw * {m} - pw;
      const {x} *const xb = x + (ptrdiff_t)b * xn, *d[{a * a}];
      for (int32_t i = 0; i < {a}; i++)
        for (int32_t j = 0; j < {a}; j++) {{
          const int inside = i0 + i >= 0 && i0 + i < ih && j0 + j >= 0 && j0 + j < iw;
          d[i * {a} + j] = inside ? xb + (ptrdiff_t)(i0 + i) * xh + (ptrdiff_t)(j0 + j) * xw : zero;
        }}
      {into.name}(d, v + (ptrdiff_t)(t - t0) * cs, vs, c, zero_x);
    }}
    {product.name}(v, vs, w, u, us, {a * a}, (count + {tall - 1}) / {tall} * {tall}, (c + 1) / 2, cs, ns);
    for (int32_t t = t0; t < t0 + count; t++) {{
      const int32_t b = t / (th * tw), i0 = t / tw % th * {m}, j0 = t % tw * {m};
      const int32_t mh = oh - i0 < {m} ? oh - i0 : {m}, mw = ow - j0 < {m} ? ow - j0 : {m};
      {tail.out.c} *p[{m * m}];
{arrays}      for (int32_t i = 0, r = 0; i < mh; i++)
        for (int32_t j = 0; j < mw; j++, r++) {{
          p[r] = y + (ptrdiff_t)b * yn + (ptrdiff_t)(i0 + i) * yh + (ptrdiff_t)(j0 + j) * yw;
{places}        }}
      {back.name}(u + (ptrdiff_t)(t - t0) * ns, us, bias, p, mh, mw, n{passed}, zero_y);
    }}
  }}
}}
"""
    return CFunction(name, text, (into, product, back), ("stdint.h", "stddef.h"))

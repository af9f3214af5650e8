"""attention, float32: every query has a lane of the vectors, so that neither keys nor values are packed and no softmax is
summed across a vector.

For a block of queries (two vectors, one for the last few) the queries are transposed once; then each tile of scores is some
keys by the block (a row of the product for each key, in order of memory), its maximum taken as it is stored; exponentials
and their sums run down the keys; and each tile of results is some columns of the values by the block, divided by the sums
before it is stored. Scores stay in scratch memory, 4 bytes for each key and lane. Blocks are independent units.

Error: scores as any dot product of float32 (q is scaled, and rounded, before); the exponential 1.5 ULP, of an argument
rounded once more; sums of blocks of 64: (64 + T / 64) * 2^-24; results as any dot product of T terms.
"""

from __future__ import annotations

import functools
import math

from pith.graph import DType
from pith.kernels.base import Arg, Call, Emitted, Float, In, Int, Kernel, Operand, Out, Scratch, kernel, unit_range
from pith.kernels.shape_f32 import shape_of
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.f32_math import vector_math

_LOG2_E = 1 / math.log(2)
_BLOCK = 64  # exponentials summed in one go
_HEADERS = ("stdint.h", "stddef.h")


def split(isa: ISA, n: int) -> tuple[int, int, int]:
    """n rows in tiles of nearly one height, so that none is too low to keep the multipliers busy: (height, how many have it,
    how many are one row lower)."""
    parts = -(-n // shape_of(isa).rows)
    height = -(-n // parts)
    return height, n - parts * (height - 1), parts * height - n


def _at(v: int) -> str:
    """Where vector v of a row begins."""
    return f" + {v} * VF_LANES" if v else ""


@functools.cache
def tile(isa: ISA, rows: int, vectors: int, kind: str) -> CFunction:
    """One register tile: y[r][...] = sum over i of a[r * ra + i * ai] * b[i][...], and what `kind` asks for.

    "plain", "keys" (one mask value a key), "full" (a mask where the scores go): scores, and their maximum into `more`;
    "values": results, times the vectors `more`.
    """
    width = vectors * isa.lanes(4)
    name = f"attention_{kind}_f32_{isa.name}_{rows}x{width}"
    each = [(r, v) for r in range(rows) for v in range(vectors)]
    masked = ", const float *mask, ptrdiff_t mt" if kind == "keys" else ""
    o = [
        f"static void {name}(const float *a, ptrdiff_t ra, ptrdiff_t ai, const float *b, int32_t n, float *y,",
        f"    {'const ' if kind == 'values' else ''}float *more{masked}) {{",
        "  vf " + ", ".join(f"s{r}_{v} = vf_set1(0.0f)" for r, v in each) + ";",
        "  const float *const a0 = a;",
        *(f"  const float *const a{r} = a{r - 1} + ra;" for r in range(1, rows)),
        "  ptrdiff_t at = 0;",
        f"  for (int32_t i = 0; i < n; i++, at += ai, b += {vectors} * VF_LANES) {{",
        *(f"    const vf b{v} = vf_load(b{_at(v)});" for v in range(vectors)),
    ]
    for r in range(rows):
        o.append(f"    const vf x{r} = vf_set1(a{r}[at]);")
        o += [f"    s{r}_{v} = vf_fma(x{r}, b{v}, s{r}_{v});" for v in range(vectors)]
    o.append("  }")
    o += [f"  {'const ' if kind == 'values' else ''}vf m{v} = vf_load(more{_at(v)});" for v in range(vectors)]
    for r in range(rows):
        if kind == "keys":
            o.append(f"  const vf k{r} = vf_set1(mask[{r} * mt]);")
        for v in range(vectors):
            place, s = f"y + {r * vectors + v} * VF_LANES", f"s{r}_{v}"
            added = {"keys": f" + k{r}", "full": f" + vf_load({place})"}.get(kind)
            if added:
                o.append(f"  {s} = {s}{added};")
            if kind != "values":
                o.append(f"  m{v} = vf_max(m{v}, {s});")
            o.append(f"  vf_store({place}, {s}{f' * m{v}' if kind == 'values' else ''});")
    if kind != "values":
        o += [f"  vf_store(more{_at(v)}, m{v});" for v in range(vectors)]
    return CFunction(name, "\n".join([*o, "}"]) + "\n", (vector_math(isa),), _HEADERS)


@functools.cache
def block(isa: ISA, vectors: int, keys: tuple[int, int], values: tuple[int, int], kind: str) -> CFunction:
    """C function: one block of `count` queries. keys, values: heights of their tiles (0: none)."""
    width = vectors * isa.lanes(4)
    name = f"attention_{kind}_f32_{isa.name}_block{width}_{'_'.join(map(str, (*keys, *values)))}"
    called: list[CFunction] = [vector_math(isa)]

    def tiles(heights: tuple[int, int], label: str, what: str, a: str, args: str, extra: str) -> str:
        """Loops over the tiles of each height."""
        text = ""
        for height, count in zip(heights, (f"{label}_tall", f"{label}_low"), strict=True):
            if height:
                f = tile(isa, height, vectors, what)
                called.append(f)
                text += (
                    f"  for (int32_t i = 0; i < {count}; i++, {a} += {height} * {a}{label}, to += {height} * {width}{extra.format(height)}) "
                    f"{f.name}({a}, {a}{label}, {args});\n"
                )
        return text

    masked = kind != "plain"
    mask_param = ", const float *mask, ptrdiff_t ms, ptrdiff_t mt" if masked else ""
    fill = ""
    if kind == "full":
        fill = f"""  for (int32_t j = 0; j < {width}; j++) {{ /* the mask where the scores go */
    const float *const row = mask + (j < count ? j : count - 1) * ms;
    for (int32_t i = 0; i < t; i++) p[i * {width} + j] = row[i * mt];
  }}
"""
    elif masked:
        fill = "  (void)ms;\n"
    lanes = [(v, _at(v)) for v in range(vectors)]
    unit = f" * vf_set1({_LOG2_E:.8g}f)" if masked else ""  # else the scores are in units of ln 2 already
    exponents = "".join(
        f"      const vf e{v} = vf_exp2_down((vf_load(to{at}) - top{v}){unit});\n      vf_store(to{at}, e{v});\n      s{v} += e{v};\n"
        for v, at in lanes
    )
    tops = "".join(f"  const vf top{v} = vf_load(m{at});\n" for v, at in lanes)
    inverses = "".join(f"  vf_store(m{at}, vf_set1(1.0f) / total{v});\n" for v, at in lanes)
    totals = ", ".join(f"total{v} = vf_set1(0.0f)" for v, _ in lanes)
    sums = ", ".join(f"s{v} = vf_set1(0.0f)" for v, _ in lanes)
    more = "".join(f"    total{v} += s{v};\n" for v, _ in lanes)
    unused = "".join(f"  (void){n}_low;\n" for n, h in (("t", keys), ("e", values)) if not h[1])
    scores = tiles(keys, "t", kind, "k", "kd, x, d, to, m" + (", mask, mt" if kind == "keys" else ""), ", mask += {} * mt" if kind == "keys" else "")
    text = f"""/* {width} queries at most, a lane each */
static void {name}(const float *q, const float *k, const float *v, float *y{mask_param}, float *x, int32_t count,
    int32_t d, int32_t t, int32_t e, float scale, ptrdiff_t qs, ptrdiff_t qd, ptrdiff_t kt, ptrdiff_t kd, ptrdiff_t vt, ptrdiff_t ve,
    ptrdiff_t ys, ptrdiff_t ye, int32_t t_tall, int32_t t_low, int32_t e_tall, int32_t e_low) {{
  float *const m = x + (ptrdiff_t)d * {width}, *const p = m + {width}, *const o = p + (ptrdiff_t)t * {width};
  for (int32_t j = 0; j < {width}; j++) {{ /* lanes past the end repeat the last query */
    const float *const row = q + (j < count ? j : count - 1) * qs;
    for (int32_t i = 0; i < d; i++) x[i * {width} + j] = row[i * qd] * scale;
    m[j] = -3.4028235e38f;
  }}
{fill}{unused}  float *to = p;
{scores}{tops}  vf {totals};
  to = p;
  for (int32_t i = 0; i < t;) {{
    const int32_t end = t - i > {_BLOCK} ? i + {_BLOCK} : t;
    vf {sums};
    for (; i < end; i++, to += {width}) {{
{exponents}    }}
{more}  }}
{inverses}  to = o;
{tiles(values, "e", "values", "v", "vt, p, t, to, m", "")}  for (int32_t j = 0; j < count; j++)
    for (int32_t i = 0; i < e; i++) y[j * ys + i * ye] = o[i * {width} + j];
}}
"""
    return CFunction(name, text, tuple(called), _HEADERS)


def _walk(x: Operand, rank: int) -> list[int]:
    """Strides of the operand's leading axes, 0 where it is broadcast, for `rank` of them."""
    own = [0 if d == 1 else s for d, s in zip(x.shape[:-2], x.strides[:-2], strict=True)]
    return [0] * (rank - len(own)) + own


@kernel("attention", "lanes")
class AttentionLanes(Kernel):
    """Operands of any strides."""

    def applies(self, call: Call) -> bool:
        operands = [*call.inputs, *call.outputs]
        return all(x is None or (x.type.dtype is DType.F32 and x.type.size > 0) for x in operands)

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return True

    def emit(self, call: Call) -> Emitted:
        isa = call.isa
        q, k, v, y = call.input(0), call.input(1), call.input(2), call.outputs[0]
        mask = call.inputs[3] if len(call.inputs) > 3 else None
        perm = tuple(call.attrs["perm"])
        shape = [y.shape[perm.index(a)] for a in range(len(perm))]
        out = [y.strides[perm.index(a)] for a in range(len(perm))]
        (s, d), t, e, rank = q.shape[-2:], k.shape[-2], v.shape[-1], len(perm) - 2
        lanes, most = isa.lanes(4), shape_of(isa).vectors
        wide = most * lanes
        blocks = -(-s // wide)
        last = 1 if s - (blocks - 1) * wide <= lanes else most  # vectors of the last block
        tall_t, tall_e = split(isa, t), split(isa, e)
        heights = [(h[0] if h[1] else 0, h[0] - 1 if h[2] else 0) for h in (tall_t, tall_e)]
        walks = [_walk(q, rank), _walk(k, rank), _walk(v, rank), out[:rank]]
        kind, steps = "plain", (0, 0)
        if mask is not None:
            walk = _mask_walk(mask, rank)
            walks.append(walk[:rank])
            steps = (walk[-2], walk[-1])
            kind = "full" if steps[0] else "keys"
        axes = [(n, *w) for n, *w in zip(shape[:rank], *walks, strict=True) if n != 1]
        vectors = dict.fromkeys([*([most] if blocks > 1 or last == most else []), *([1] if last == 1 else [])])
        bodies = [block(isa, n, heights[0], heights[1], kind) for n in vectors]
        name, text = _caller(isa, bodies, kind, wide, len(axes))
        scale = float(call.attrs["scale"]) * (_LOG2_E if mask is None else 1)
        args: list[Arg] = [In(0), In(1), In(2), *([In(3)] if mask is not None else []), Out(0), Scratch()]
        args += [*map(Int, (s, d, t, e)), Float(scale)]
        args += map(Int, (*q.strides[-2:], *k.strides[-2:], *v.strides[-2:], *out[-2:], *(steps if mask is not None else ())))
        args += map(Int, (*tall_t[1:], *tall_e[1:]))
        args += [Int(n) for axis in axes for n in axis]
        units = blocks * math.prod(axis[0] for axis in axes)
        scratch = 4 * wide * (d + 1 + t + e)
        f = CFunction(name, text, tuple(bodies), _HEADERS)
        why = f"a lane for each query, {heights[0][0] or heights[0][1]} keys x {wide} queries at a time"
        return Emitted(f, (*args, *unit_range(units)), scratch, why, units)


def _mask_walk(mask: Operand, rank: int) -> list[int]:
    """Elements from one index to the next along the `rank` outer axes, the queries and the keys; 0 where one index is for all."""
    full = (1,) * (rank + 2 - len(mask.shape)) + mask.shape
    strides = (*[0] * (rank + 2 - len(mask.shape)), *mask.strides)
    return [0 if n == 1 else st for n, st in zip(full, strides, strict=True)]


def _caller(isa: ISA, bodies: list[CFunction], kind: str, wide: int, axes: int) -> tuple[str, str]:
    """Name and C text of the function that goes through blocks of `wide` queries and the outer `axes`; `bodies` do one block."""
    masked = kind != "plain"
    names = ["q", "k", "v", "y", *(["m"] if masked else [])]
    params = "".join(f", int32_t n{i}" + "".join(f", int32_t {n}{i}" for n in names) for i in range(axes))
    places, at = "", dict(zip(names, ["q", "k", "v", "y", "mask"], strict=False))
    for i in reversed(range(axes)):
        places += f"    const int32_t i{i} = left % n{i};\n    left /= n{i};\n"
        at = {n: f"{text} + (ptrdiff_t)i{i} * {n}{i}" for n, text in at.items()}
    passed = f"{at['q']} + from * qs, {at['k']}, {at['v']}, {at['y']} + from * ys"
    if masked:
        passed += f", {at['m']}{' + from * ms' if kind == 'full' else ''}, ms, mt"
    passed += ", (float *)scratch, {}, d, t, e, scale, qs, qd, kt, kd, vt, ve, ys, ye, t_tall, t_low, e_tall, e_low"
    runs = f"    {bodies[0].name}({passed.format('count')});\n"
    if len(bodies) > 1:
        runs = f"    if (count > VF_LANES) {bodies[0].name}({passed.format('count')});\n    else {bodies[1].name}({passed.format('count')});\n"
    label = "_".join(f.name.split("_", 4)[-1] for f in bodies)
    name = f"attention_f32_{isa.name}_lanes_{kind}{axes}_{label}"
    masks = ("const float *mask, ", ", int32_t ms, int32_t mt") if masked else ("", "")
    text = f"""static void {name}(const float *q, const float *k, const float *v, {masks[0]}float *y, void *scratch,
    int32_t s, int32_t d, int32_t t, int32_t e, float scale, int32_t qs, int32_t qd, int32_t kt, int32_t kd, int32_t vt, int32_t ve,
    int32_t ys, int32_t ye{masks[1]}, int32_t t_tall, int32_t t_low, int32_t e_tall, int32_t e_low{params}, int32_t begin, int32_t end) {{
  const int32_t blocks = (s - 1) / {wide} + 1;
  for (int32_t u = begin; u < end; u++) {{
    const ptrdiff_t from = (ptrdiff_t)(u % blocks) * {wide};
    const int32_t count = s - (int32_t)from < {wide} ? s - (int32_t)from : {wide};
    int32_t left = u / blocks;
{places}    (void)left;
{runs}  }}
}}
"""
    return name, text

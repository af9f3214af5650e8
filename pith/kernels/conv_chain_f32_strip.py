"""conv_chain, float32, channels_last: depthwise with the 1x1 convolutions around it, a strip of rows at a time.

What lies between the convolutions is wide and never reaches memory. For each strip of output rows, block after block of
channels is expanded, a few rows at a time that stay in the first-level cache, and convolved at once; the results of all
blocks, which stay in the second-level cache, are the left matrix of the last product. The rows of a block that the next
rows need too are kept, so that none is computed twice but at the seams between threads.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from textwrap import fill

import numpy as np

from pith.kernels.base import Arg, Call, Const, Emitted, In, Int, Kernel, Operand, Out, Scratch, kernel, unit_range
from pith.kernels.chain_stages import stage_calls
from pith.kernels.conv_f32_depthwise import UNROLLED, depthwise, edges_for, is_direct, pack_depthwise, pixels_together
from pith.kernels.conv_f32_pointwise import fast_conv
from pith.kernels.cost_f32 import product_cost
from pith.kernels.matmul_f32_gemm import gemm
from pith.kernels.shape_f32 import pack
from pith.kernels.strip_f32 import block_of, depthwise_block, expand, pack_blocks
from pith.kernels.tile_f32 import NOINLINE, Tail, bias_of, extra_args, tail_of
from pith.kernels.walk_f32 import Edges, block_walk, depthwise_walk, pack_walk
from pith.targets.isa.base import ISA
from pith.vector.cfunction import CFunction
from pith.vector.f32 import dialect

_FIRST = 20 << 10  # bytes of a block's rows, to stay in a first-level cache of 32 KiB beside weights and results


_STEP = 60  # cycles to begin a step: a few calls, and pointers to set up


def _grouped(call: Call) -> bool:
    w = call.input(1)
    return w.shape[1] == 1 and call.attrs["group"] == w.shape[0] and w.shape[2:] != (1, 1)


def _product(call: Call) -> bool:
    a = call.attrs
    return a["group"] == 1 and call.input(1).shape[2:] == (1, 1) and tuple(a["strides"]) == (1, 1) and not any(a["pads"])


@dataclass(frozen=True, slots=True)
class Links:
    """The convolutions of a chain: 1x1 or none, depthwise, 1x1 or none; which inputs of the chain are each one's."""

    expand: Call | None
    depth: Call
    project: Call | None
    first: dict[str, int]  # by "e", "d", "p": index in the chain of the weights

    @property
    def tails(self) -> dict[str, Tail]:
        """The epilogue of each convolution that there is."""
        calls = {"e": self.expand, "d": self.depth, "p": self.project}
        tails = {k: tail_of(c) for k, c in calls.items() if c is not None}
        return {k: t for k, t in tails.items() if t is not None}


def links_of(call: Call) -> Links | None:
    """The chain as this kernel takes it, None where it is of another kind."""
    calls = stage_calls(call)
    if not all(map(fast_conv, calls)):
        return None
    at = [k for k, c in enumerate(calls) if _grouped(c)]
    if len(at) != 1 or not at[0] <= 1 or len(calls) - at[0] not in (1, 2) or len(calls) == 1:
        return None
    k = at[0]
    expand, project = calls[0] if k else None, calls[k + 1] if k + 1 < len(calls) else None
    if not all(c is None or _product(c) for c in (expand, project)):
        return None
    index = [1 + sum(call.attrs["counts"][:i]) for i in range(len(calls))]
    return Links(expand, calls[k], project, dict(zip(("e", "d", "p")[1 - k :], index, strict=False)))


@dataclass(frozen=True, slots=True)
class Plan:
    """How the work is cut: channels of a block, output rows of a strip, and rows at a time within it (a divisor)."""

    block: int
    rows: int
    step: int
    width: int  # floats of a row of a block
    ring: int  # floats of all rows of a block that are in memory at once
    scratch: int  # bytes


def edges_in(links: Links) -> Edges | None:
    """How rows of the depthwise convolution begin and end where it needs no columns of zeros (`walk_f32`)."""
    depth, at = links.depth, links.depth.attrs
    kh, kw = depth.input(1).shape[2:]
    return edges_for(depth.isa, links.tails["d"], (kh, kw), at["strides"][1], at["pads"][1], 1, depth.input(0).shape, depth.outputs[0].shape[2])


def plan_of(call: Call, links: Links) -> Plan:
    """As much at a time as the caches hold."""
    depth, isa = links.depth, call.isa
    _, _, iw, c = depth.input(0).shape
    _, oh, ow, _ = depth.outputs[0].shape
    (kh, kw), (sh, sw), pw, block = depth.input(1).shape[2:], depth.attrs["strides"], depth.attrs["pads"][1], block_of(isa)
    width = (iw if edges_in(links) else max(pw + iw, (ow - 1) * sw + kw)) * block
    first, second = call.schedule.get("first", _FIRST), call.schedule.get("second", isa.near // 4)
    step = max(1, min(oh, (first // (4 * width) - (kh - sh)) // sh))
    most = second // (4 * ow * c) if links.project is not None else oh
    most = max(1, min(most, second // (4 * iw * sh * call.input(0).shape[-1]), oh))
    step = min(step, most)
    rows = most // step * step
    ring = (kh - sh + step * sh) * width if links.expand is not None else 0
    made = rows * ow * c if links.project is not None else 0
    return Plan(block, rows, step, width, ring, 4 * (-(-c // block) * ring + made))


def _params(tail: Tail, who: str) -> list[str]:
    """C parameters of the extras of one convolution."""
    kinds = {"full": "const float *", "channel": "const float *", "value": "float "}
    return [f"{kinds[k]}{who}{i}" for i, k in enumerate(tail.kinds)]


def _passed(tail: Tail, who: str, **at: str) -> str:
    """The extras as arguments; `at` says what is added to each kind of them, # being its number."""
    return "".join(f", {who}{i}{at.get(k, '').replace('#', str(i))}" for i, k in enumerate(tail.kinds))


@functools.cache
def _keep(isa: ISA) -> CFunction:
    """C function: rows that are needed again, to the front of their memory."""
    name = f"keep_f32_{isa.name}"
    if "pair" in isa.features:
        step = block_of(isa) // isa.lanes(4)
        loads = " ".join(f"const vf v{v} = vf_load(p + by + i + {v} * VF_LANES);" for v in range(step))
        stores = " ".join(f"vf_store(p + i + {v} * VF_LANES, v{v});" for v in range(step))
        text = f"""/* n floats (whole blocks) from p + by to p */
static void {name}(float *p, ptrdiff_t by, ptrdiff_t n) {{
  for (ptrdiff_t i = 0; i < n; i += {step} * VF_LANES) {{
    {loads}
    {stores}
  }}
}}
"""
    else:
        text = f"""/* n floats (whole vectors) from p + by to p */
static void {name}(float *p, ptrdiff_t by, ptrdiff_t n) {{
  for (ptrdiff_t i = 0; i < n; i += VF_LANES) vf_store(p + i, vf_load(p + by + i));
}}
"""
    return CFunction(name, text, (dialect(isa),), ("stddef.h",))


@functools.cache
def strip(isa: ISA, tails: tuple[tuple[str, Tail], ...], kh: int, kw: int, sw: int, pixels: int, direct: bool, edges: Edges | None) -> CFunction:
    """The whole chain, for bands of output rows; `tails`: the epilogues by convolution, "e" (1x1), "d", "p" (1x1);  edges: where
    the depthwise one goes column after column."""
    own, block = dict(tails), block_of(isa)
    first, last = "e" in own, "p" in own
    inner = depthwise_walk(isa, own["d"], kh, kw, sw, edges) if edges else depthwise(isa, own["d"], kh, kw, sw, pixels, direct)
    called = [inner]
    full = [i for i, k in enumerate(own["p"].kinds) if k == "full"] if last else []
    made_rows, source = "", f"xb, wd, zero, TO{_passed(own['d'], 'd')},\n            i1 - i0, ow, ih, iw, sh, 1, ph - i0 * sh, pw, 0, iw * ldx, ldx, 0"
    if first:
        f = expand(isa, own["e"], dense=edges is not None)
        inner = block_walk(isa, own["d"], kh, kw, sw, edges, block) if edges else depthwise_block(isa, own["d"], kh, kw, sw, pixels)
        called = [f, inner, _keep(isa)]
        margin = "" if edges else f" + pw * {block}"
        made_rows = f"""          float *const e = ring + (ptrdiff_t)(c0 / {block}) * size;
          const int32_t at = i0 * sh - ph, lo = at < 0 ? 0 : at, below = at + (i1 - i0 - 1) * sh + {kh}, hi = below < ih ? below : ih;
          const int32_t was = at - step * sh, top = was < 0 ? 0 : was, past = was + (step - 1) * sh + {kh};
          int32_t have = past < ih ? past : ih; /* rows top .. have - 1 are there from the step before */
          if (i0 == o_from || have < lo) have = lo;
          else if (lo > top) {_keep(isa).name}(e, (ptrdiff_t)(lo - top) * width, (ptrdiff_t)(have - lo) * width);
          if (have < hi)
            {f.name}(xb + (ptrdiff_t)have * iw * ldx, we + (ptrdiff_t)c0 * (1 + k),
                e + (ptrdiff_t)(have - lo) * width{margin}{_passed(own["e"], "e", channel=" + c0")}, hi - have, iw, k, ldx, width, cols);
"""
        source = f"""e, wd + (ptrdiff_t)c0 * {1 + kh * kw}, TO + c0{_passed(own['d'], 'd', channel=' + c0')},
              i1 - i0, ow, hi - lo, sh, lo - at, width"""
    to, pitches = ("made + (ptrdiff_t)(i0 - o0) * ow * c", "ow * c, c") if last else ("y + ((ptrdiff_t)b * oh + i0) * ow * ldy", "ow * ldy, ldy")
    depth = f"{inner.name}({source.replace('TO', to)}, {pitches}, {'cols' if first else '0, i1 - i0, 0, c'});\n"
    if first:
        work = f"""      for (int32_t c0 = 0; c0 < c; c0 += {block}) {{
        const int32_t cols = c - c0 < {block} ? c - c0 : {block};
        for (int32_t i0 = o0; i0 < o1; i0 += step) {{
          const int32_t i1 = o1 - i0 < step ? o1 : i0 + step;
{made_rows}          {depth}        }}
      }}
"""
    else:
        work = f"      const int32_t i0 = o0, i1 = o1;\n      {depth}"
    project = ""
    if last:
        f = gemm(isa, own["p"])
        called.append(f)
        row = "((ptrdiff_t)b * oh + o0) * ow"
        project = f"""      {f.name}(made, wp, y + {row} * ldy{_passed(own["p"], "p", full=f" + {row} * ldp#")},
          (o1 - o0) * ow, c, n, c, ldy{"".join(f", ldp{i}" for i in full)}, 0, (o1 - o0) * ow, 0, n);
"""
    zeros = "    for (ptrdiff_t i = 0; i < blocks * size; i += VF_LANES) vf_store(ring + i, vf_set1(0.0f)); /* padding */\n" if first else ""
    if first and edges:
        zeros = "    (void)pw;\n"
    memory = ("  float *const ring = (float *)scratch;\n  const int32_t blocks = (c + BLOCK - 1) / BLOCK;\n".replace("BLOCK", str(block)) if first else "") + (
        ("  float *const made = " + ("ring + (ptrdiff_t)blocks * size;\n" if first else "(float *)scratch;\n")) if last else ""
    )
    numbers = ["ih", "iw", "oh", "ow", *(["k"] if first else []), "c", *(["n"] if last else []), "sh", "ph", "pw", "ldx", "ldy"]
    numbers += [f"ldp{i}" for i in full] + (["step", "width", "size"] if first else []) + ["rows", "bands", "begin", "end"]
    extras = [p for who, t in tails for p in _params(t, who)]
    suffixes = "".join(f"_{who}{t.suffix}" for who, t in tails if t.suffix)
    how = f"l{edges.left}r{edges.over}t{edges.turn}{'o' if edges.odd else ''}_walk" if edges else f"p{pixels}{'_direct' if direct else ''}"
    name = f"conv_chain_f32_{isa.name}_{''.join(own)}_{kh}x{kw}s{sw}{how}{suffixes}"
    pointers = ["const float *x", *(f"const float *w{who}" for who in own), *([] if first else ["const float *zero"]), "float *y"]
    head = ", ".join([*pointers, *extras, "void *scratch", *(f"int32_t {v}" for v in numbers)])
    text = f"""{"PITH_NOINLINE " if edges else ""}static void {name}(
    {fill(head, 126, subsequent_indent="    ")}) {{
{memory}  for (int32_t u = begin; u < end; u++) {{ /* bands of rows */
    const int32_t b = u / bands, o_from = oh * (u % bands) / bands, o_to = oh * (u % bands + 1) / bands;
    const float *const xb = x + (ptrdiff_t)b * ih * iw * ldx;
{zeros}    for (int32_t o0 = o_from; o0 < o_to; o0 += rows) {{
      const int32_t o1 = o_to - o0 < rows ? o_to : o0 + rows;
{work}{project}    }}
  }}
}}
"""
    return CFunction(name, text, (*called, *([NOINLINE] if edges else [])), ("stdint.h", "stddef.h"))


@kernel("conv_chain", "strip")
class ConvChainStrip(Kernel):
    """Depthwise with a 1x1 convolution before it, after it, or both."""

    def applies(self, call: Call) -> bool:
        links = links_of(call)
        if links is None:
            return False
        a, w = links.depth.attrs, links.depth.input(1).shape
        vectors = call.isa.lanes(4) > 1 and links.depth.input(0).shape[2] > 1
        regular = tuple(a["dilations"]) == (1, 1) and a["strides"][0] <= w[2] and a["strides"][1] <= 3 and max(w[2:]) <= UNROLLED
        padded = all(0 <= p < k for p, k in zip(a["pads"], (*w[2:], *w[2:]), strict=True))
        # exp and its kind take so long that memory keeps up with them: measured, such chains gain nothing
        light = all(t.vector and "full" not in t.kinds for who, t in links.tails.items() if who != "p")
        return vectors and regular and padded and light

    def cost(self, call: Call) -> float:
        links = links_of(call)
        assert links is not None
        plan, isa, y = plan_of(call, links), call.isa, call.outputs[0]
        n, oh, ow, c = links.depth.outputs[0].shape
        taps = math.prod(links.depth.input(1).shape[2:])
        total = (1.5 if links.expand is None else 1.2) * n * oh * ow * taps * -(-c // isa.lanes(4))
        if links.expand is not None:
            _, ih, iw, k = call.input(0).shape
            rows = plan.step * links.depth.attrs["strides"][0]
            one = product_cost(isa, rows * iw, k, min(c, plan.block)) + _STEP
            total += n * ih / rows * -(-c // plan.block) * one
        strips = n * oh / plan.rows
        if links.project is not None:
            total += strips * product_cost(isa, plan.rows * ow, c, y.shape[-1])
        weights = sum(p.input(1).type.nbytes for p in (links.expand, links.project) if p is not None)
        return total + (strips * weights / isa.beyond if weights > isa.near // 2 else 0)

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return operand.rows

    def uses(self, call: Call) -> set[int]:
        links = links_of(call)
        assert links is not None
        return {0, *(at + 2 + i for who, at in links.first.items() for i, k in enumerate(links.tails[who].kinds) if k != "value")}

    def inplace(self, call: Call) -> tuple[int, ...]:
        """What the last epilogue reads at the place it writes, and the input itself where a strip is read before the results
        of its rows are written: not with several bands, whose rows overlap."""
        links = links_of(call)
        if links is None or links.project is None or not links.tails["p"].vector:
            return ()
        at = links.first["p"] + 2
        allowed = [at + i for i, k in enumerate(links.tails["p"].kinds) if k == "full"]
        if links.expand is not None and call.input(0).shape == call.outputs[0].shape and self.bands(call) == 1:
            allowed.append(0)
        return tuple(allowed)

    def bands(self, call: Call) -> int:
        """Parts of a picture for threads to share out, so many that one thread computes no row twice."""
        return min(call.options.threads, call.outputs[0].shape[1])

    def emit(self, call: Call) -> Emitted:
        links = links_of(call)
        assert links is not None
        isa, depth, tails = call.isa, links.depth, links.tails
        plan, at = plan_of(call, links), depth.attrs
        x, y, w = call.input(0), call.outputs[0], depth.input(1)
        c, _, kh, kw = w.shape
        n, ih, iw, k = x.shape
        oh, ow = y.shape[1:3]
        (sh, sw), (ph, pw) = at["strides"], at["pads"][:2]
        edges = edges_in(links)
        weights: list[Arg] = []
        extras: list[Arg] = []
        pitches: list[Arg] = []
        for who, part in (("e", links.expand), ("d", depth), ("p", links.project)):
            if part is None:
                continue
            const = part.input(1).const
            assert const is not None
            bias = bias_of(part)
            if part is depth:
                packed = pack_walk(const[:, 0], bias) if edges else pack_depthwise(isa, const[:, 0], bias)
            else:
                packed = (pack_blocks if who == "e" else pack)(isa, const[:, :, 0, 0].T, bias)
            weights.append(Const(packed))
            pointers, strides = extra_args(part, tails[who], 1)
            extras += [In(a.index - 1 + links.first[who]) if isinstance(a, In) else a for a in pointers]
            pitches += strides
        first, last = links.expand is not None, links.project is not None
        bands = self.bands(call)
        numbers = [
            ih, iw, oh, ow, *([k] if first else []), c, *([y.shape[-1]] if last else []), sh, ph, pw, x.pitch, y.pitch,
        ]  # fmt: skip
        cut = [*([plan.step, plan.width, plan.ring] if first else []), plan.rows, bands]
        units = n * bands
        pixels = min(pixels_together(ow, sw), ow if first else 7)
        f = strip(isa, tuple(tails.items()), kh, kw, sw, pixels, not first and is_direct(isa, c, sw), edges)
        zeros: list[Arg] = [] if first else [Const(np.zeros(c, np.float32))]  # stand for columns outside the picture
        args = (
            In(0), *weights, *zeros, Out(0), *extras, Scratch(), *map(Int, numbers), *pitches,
            *map(Int, cut), *unit_range(units),
        )  # fmt: skip
        parts = " and ".join(["1x1"] * first + [f"depthwise {kh}x{kw}"] + ["1x1"] * last)
        cutting = f"{plan.rows} rows at a time" + (f", {plan.block} channels by {plan.step} rows" if first else "")
        return Emitted(f, args, plan.scratch, f"{parts}, {cutting}", units)

"""Copies that exchange the fastest axis (NCHW to NHWC and back): by small tiles, or with a short axis unrolled."""

from __future__ import annotations

from pith.graph.expr import used_args
from pith.kernels.base import Arg, Call, Count, Emitted, In, Int, Kernel, Operand, Out, kernel
from pith.kernels.fused_map import IVDEP, Nest, broadcast_strides, collapse
from pith.vector.cfunction import CFunction

_SHORT = 4  # axes up to this long are unrolled, so that the other axis is walked in full vectors
_TILE = 8
_PART = 256  # elements of an axis that stay together when threads share it out


def _short(axis: str, count: int, ctype: str, dense: bool) -> CFunction:
    """y[p * sy + q] = a[q * sa + p], the axis `axis` (p or q) having `count` elements, spelled out."""
    name = f"transpose_{ctype.removesuffix('_t')}_{axis}{count}{'_dense' if dense else ''}"
    # a dense short axis has the known stride `count`: the compiler then uses interleaving loads or stores
    sa, sy = (str(count) if dense and axis == "p" else "sa"), (str(count) if dense and axis == "q" else "sy")
    loop = "q" if axis == "p" else "p"
    lines = []
    for k in range(count):
        p, q = (k, loop) if axis == "p" else (loop, k)
        target = f"(ptrdiff_t){p} * {sy} + {q}" if axis == "q" else f"{p} * {sy} + {q}"
        source = f"(ptrdiff_t){q} * {sa} + {p}" if axis == "p" else f"{q} * {sa} + {p}"
        lines.append(f"    y[{target}] = a[{source}];")
    unused = "  (void)sa;\n" if sa != "sa" else "  (void)sy;\n" if sy != "sy" else ""
    other = "nq" if axis == "p" else "np"
    text = (
        f"/* y[p * sy + q] = a[q * sa + p] for {count} values of {axis} */\n"
        f"static void {name}(const {ctype} *a, {ctype} *y, int32_t np, int32_t nq, ptrdiff_t sa, ptrdiff_t sy) {{\n"
        f"  (void){'np' if axis == 'p' else 'nq'};\n{unused}  PITH_IVDEP\n"
        f"  for (int32_t {loop} = 0; {loop} < {other}; {loop}++) {{\n" + "\n".join(lines) + "\n  }\n}\n"
    )
    return CFunction(name, text, (IVDEP,), ("stdint.h", "stddef.h"))


def _tiled(ctype: str) -> CFunction:
    name = f"transpose_{ctype.removesuffix('_t')}_tile{_TILE}"
    text = (
        f"/* y[p * sy + q] = a[q * sa + p], {_TILE} x {_TILE} elements at a time so that both sides stay in cache */\n"
        f"static void {name}(const {ctype} *a, {ctype} *y, int32_t np, int32_t nq, ptrdiff_t sa, ptrdiff_t sy) {{\n"
        f"  for (int32_t p0 = 0; p0 < np; p0 += {_TILE}) {{\n    const int32_t p1 = p0 + {_TILE} < np ? p0 + {_TILE} : np;\n"
        f"    for (int32_t q0 = 0; q0 < nq; q0 += {_TILE}) {{\n      const int32_t q1 = q0 + {_TILE} < nq ? q0 + {_TILE} : nq;\n"
        "      for (int32_t p = p0; p < p1; p++)\n        for (int32_t q = q0; q < q1; q++) y[p * sy + q] = a[q * sa + p];\n"
        "    }\n  }\n}\n"
    )
    return CFunction(name, text, (), ("stdint.h", "stddef.h"))


@kernel("fused", "transpose")
class FusedTranspose(Kernel):
    """Pure copies whose input and output have different fastest axes."""

    def nest(self, call: Call) -> tuple[Nest, int, int] | None:
        """The loops and the axes p (adjacent in the input) and q (adjacent in the output); None where they agree."""
        expr, out = call.attrs["expr"], call.outputs[0]
        if expr.op != "arg" or used_args(expr) != [0] or expr.dtype is not out.type.dtype or out.type.size == 0:
            return None
        x = call.input(0)
        nest = collapse(out.shape, [broadcast_strides(x, out.shape), out.strides])
        source, target = nest.strides
        if 1 not in source or 1 not in target:
            return None
        p, q = source.index(1), target.index(1)
        return None if p == q or source[q] <= 0 or target[p] <= 0 else (nest, p, q)

    def applies(self, call: Call) -> bool:
        return call.input(0).type.dtype is call.outputs[0].type.dtype and self.nest(call) is not None

    def cost(self, call: Call) -> float:
        return 0.5

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return True

    def emit(self, call: Call) -> Emitted:
        found = self.nest(call)
        assert found is not None
        nest, p, q = found
        (source, target), n = nest.strides, nest.extents
        ctype = call.outputs[0].type.dtype.c
        if n[p] <= _SHORT:
            inner = _short("p", n[p], ctype, source[q] == n[p])
        elif n[q] <= _SHORT:
            inner = _short("q", n[q], ctype, target[p] == n[q])
        else:
            inner = _tiled(ctype)
        outer = [d for d in range(len(n)) if d not in (p, q)]
        tail: tuple[Arg, ...] = (Int(n[p]), Int(n[q]), Int(source[q]), Int(target[p]))
        why = f"axes of {n[p]} and {n[q]} exchanged"
        if not outer:  # threads share out the longer axis
            if n[p] >= n[q]:
                unit, tail = -(-n[p] // _PART), (Count(_PART, n[p]), Int(n[q]), Int(source[q]), Int(target[p]))
                return Emitted(inner, (In(0, _PART), Out(0, _PART * target[p]), *tail), why=why, units=unit)
            unit, tail = -(-n[q] // _PART), (Int(n[p]), Count(_PART, n[q]), Int(source[q]), Int(target[p]))
            return Emitted(inner, (In(0, _PART * source[q]), Out(0, _PART), *tail), why=why, units=unit)
        params = ["int32_t np", "int32_t nq", "int32_t sa", "int32_t sy"]
        args: list[Arg] = [In(0, source[outer[0]]), Out(0, target[outer[0]]), *tail]
        lines, pad, a, y = [], "  ", "a", "y"
        for k, d in enumerate(outer):
            params += [f"int32_t n{k}", f"int32_t a{k}", f"int32_t y{k}"]
            args += [Int(n[d]) if k else Count(1, n[d]), Int(source[d]), Int(target[d])]
            lines.append(f"{pad}for (int32_t i{k} = 0; i{k} < n{k}; i{k}++)")
            a, y, pad = f"{a} + (ptrdiff_t)i{k} * a{k}", f"{y} + (ptrdiff_t)i{k} * y{k}", pad + "  "
        name = f"{inner.name}_{len(outer)}d"
        text = (
            f"static void {name}(const {ctype} *a, {ctype} *y, {', '.join(params)}) {{\n" + "\n".join(lines)
            + f"\n{pad}{inner.name}({a}, {y}, np, nq, sa, sy);\n}}\n"
        )  # fmt: skip
        return Emitted(CFunction(name, text, (inner,), inner.headers), tuple(args), why=why, units=n[outer[0]])

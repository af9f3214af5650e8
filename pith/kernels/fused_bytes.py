"""Elementwise expressions of 8-bit numbers with an 8-bit result, in vectors: rescaled sums, gates, changes of scale.

As in `tail_s8` their integer parts are taken apart, and all in between is float32 with the bits of the expression. That holds for
numbers: there has to be no NaN on the way. 8-bit operands are numbers; of float32 operands, which are few (a gate for each channel),
that is seen to first, and where one is not an ordinary number the plain loop does it all. A float32 array that is quantised goes
through part by part, each of which is seen to while it is near.
"""

from __future__ import annotations

import math

from pith.graph import DType, Expr
from pith.kernels.base import Call, Emitted, In, kernel
from pith.kernels.fused_map import FusedMap, Walk, describe, walk_of
from pith.kernels.tail_s8 import prepared, stored
from pith.vector.cexpr import digest
from pith.vector.cfunction import CFunction
from pith.vector.f32 import needs, print_vector, vectorisable
from pith.vector.s8 import dialect_s8, has_dialect

_BYTES = (DType.I8, DType.U8)
_ORDINARY = 1e6  # magnitude of float32 operands
_FEW = 4096  # of them
_NEAR = 1024  # elements of an array that are seen to and then quantised
_LARGEST = 1e37
_LOADS = {DType.U8: "vf_of_u8", DType.I8: "vf_of_i8", DType.F32: "vf_load"}


def magnitude(expr: Expr, args: dict[int, float]) -> float:
    """A bound on the magnitude of `expr` and of all that it is made of, by those of its arguments; infinity where there is none."""
    bound: dict[int, float] = {}
    for n in expr.walk():
        a = [bound[id(x)] for x in n.args]
        if n.op == "arg":
            found = args.get(int(n.value), math.inf)
        elif n.op == "const":
            found = abs(float(n.value))
        elif n.op in ("add", "sub"):
            found = a[0] + a[1]
        elif n.op == "mul":
            found = a[0] * a[1]
        elif n.op == "div" and n.args[1].op == "const" and n.args[1].value:
            found = a[0] / a[1]
        elif n.op in ("min", "max"):
            found = max(a)
        elif n.op in ("neg", "rint"):
            found = a[0] + 1.0
        else:
            found = math.inf
        if not found < _LARGEST:
            return math.inf
        bound[id(n)] = found
    return bound[id(expr)]


def _taken_apart(call: Call) -> tuple[Expr, int] | None:
    """The float32 expression of a call, and the zero point of its result; None where it has no such form."""
    out = call.outputs[0].type.dtype
    store = stored(call.attrs["expr"]) if out in _BYTES and call.attrs["expr"].op in ("cast", "sat_cast") else None
    expr = prepared(store, out) if store is not None else None
    if store is None or expr is None or not vectorisable(expr):
        return None
    bounds = {i: _ORDINARY if x.type.dtype is DType.F32 else 255.0 for i, x in enumerate(call.inputs) if x is not None}
    return (expr, store.zero) if math.isfinite(magnitude(expr, bounds)) else None


def _loop(walk: Walk, expr: Expr, out: DType, numbers: frozenset[int]) -> list[str]:
    """C statements of the innermost loop: two vectors at a time, one, and what is left."""
    body = ["int32_t i = 0;"]
    for head, vectors, part, n in (
        (f"for (; i <= {walk.count} - 2 * VF_LANES; i += 2 * VF_LANES)", 2, "", ""),
        (f"for (; i <= {walk.count} - VF_LANES; i += VF_LANES)", 1, "", ""),
        (f"if (i < {walk.count})", 1, "_n", f", {walk.count} - i"),
    ):
        lines, results = [], []
        for v in range(vectors):
            at = f"i{f' + {v} * VF_LANES' if v else ''}"
            values: dict[int, str] = {}
            for k, x in enumerate(walk.operands):
                values[walk.used[k]] = f"x{k}" if walk.steps[k] == "0" else f"x{k}_{v}"
                if walk.steps[k] != "0":
                    lines.append(f"const vf x{k}_{v} = {_LOADS[x.type.dtype]}{part}({walk.pointers[k]} + {at}{n});")
            statements, result = print_vector(expr, [values.get(i, "") for i in range(max(walk.used) + 1)], f"t{v}_", numbers)
            lines += statements
            results.append(result)
        lines.append(f"vf_put{'2' if vectors == 2 else ''}_{out.short}{part}({walk.pointers[-1]} + i, {', '.join(results)}, z{n});")
        body += [f"{head} {{", *(f"  {line}" for line in lines), "}"]
    return body


@kernel("fused", "bytes")
class FusedBytes(FusedMap):
    """Operands lie side by side along the innermost loop, or are one number there; at least one is of 8 bits."""

    def applies(self, call: Call) -> bool:
        if not has_dialect(call.isa) or call.outputs[0].type.dtype not in _BYTES or _taken_apart(call) is None:
            return False
        walk = walk_of(call)
        floats = [x for x in walk.operands if x.type.dtype is DType.F32]
        return (
            all(x.type.dtype in _LOADS for x in walk.operands) and len(floats) < len(walk.operands) and set(walk.steps[:-1]) <= {"0", "1"}
            and walk.steps[-1] == "1" and all(x.contiguous and x.type.size <= _FEW for x in floats)
            and all(walk.args[k] == In(i) for k, (i, x) in enumerate(zip(walk.used, walk.operands, strict=True)) if x in floats)
        )  # fmt: skip

    def cost(self, call: Call) -> float:
        return 0.5

    def emit(self, call: Call) -> Emitted:
        found, walk = _taken_apart(call), walk_of(call)
        assert found is not None
        expr, zero = found
        out, plain = call.outputs[0].type.dtype, super().emit(call)
        numbers = frozenset(walk.used)
        checks = [
            f"  for (int32_t i = 0; i < {x.type.size}; i++) ordinary &= a{k}[i] >= -{_ORDINARY:.1f}f && a{k}[i] <= {_ORDINARY:.1f}f;"
            for k, x in enumerate(walk.operands) if x.type.dtype is DType.F32
        ]  # fmt: skip
        body: list[str] = []
        if checks:
            names = ", ".join(p.rpartition(" ")[2].lstrip("*") for p in walk.params)
            body += ["  int ordinary = 1;", *checks, "  if (!ordinary) {", f"    {plain.function.name}({names});", "    return;", "  }"]
        body += [f"  const vw z = vw_set1({zero});", *walk.opening]
        for k, pointer in enumerate(walk.pointers[:-1]):
            if walk.steps[k] == "0":
                body.append(f"{walk.pad}const vf x{k} = vf_set1((float)*{pointer});")
        body += [walk.pad + line for line in _loop(walk, expr, out, numbers)]
        signature, code = ", ".join(walk.params), "\n".join([*body, *walk.closing])
        name = f"bytes_{call.isa.name}_{out.short}_{digest(describe(expr) + signature + code)}"
        requires = (*needs(expr, call.isa), dialect_s8(call.isa), *((plain.function,) if checks else ()))
        text = f"/* {describe(expr)} */\nstatic void {name}({signature}) {{\n{code}\n}}\n"
        function = CFunction(name, text, requires, ("stdint.h", "stddef.h"))
        return Emitted(function, plain.args, why=f"{walk.rank}-deep loop nest, vectors of 8-bit numbers", units=plain.units)


@kernel("fused", "quantise")
class FusedQuantise(FusedMap):
    """One float32 array, its elements side by side, to 8 bits."""

    def applies(self, call: Call) -> bool:
        if not has_dialect(call.isa) or call.outputs[0].type.dtype not in _BYTES or _taken_apart(call) is None:
            return False
        return self._side_by_side(walk_of(call))

    @staticmethod
    def _side_by_side(walk: Walk) -> bool:
        return walk.rank == 1 and walk.steps == ["1", "1"] and walk.operands[0].type.dtype is DType.F32

    def cost(self, call: Call) -> float:
        return 0.5

    def emit(self, call: Call) -> Emitted:
        found, walk = _taken_apart(call), walk_of(call)
        assert found is not None
        expr, zero = found
        out, plain = call.outputs[0].type.dtype, super().emit(call)
        if not self._side_by_side(walk):  # part of a larger array after all
            return plain
        loop = "\n".join(f"    {line}" for line in _loop(walk, expr, out, frozenset(walk.used)))
        text = f"""static void NAME({', '.join(walk.params)}) {{
  const vw z = vw_set1({zero});
  for (int32_t left = n0; left > 0; left -= {_NEAR}, a0 += {_NEAR}, y += {_NEAR}) {{
    n0 = left < {_NEAR} ? left : {_NEAR};
    int ordinary = 1;
    for (int32_t k = 0; k < n0; k++) ordinary &= a0[k] >= -{_ORDINARY:.1f}f && a0[k] <= {_ORDINARY:.1f}f;
    if (!ordinary) {{
      {plain.function.name}(a0, y, n0);
      continue;
    }}
{loop}
  }}
}}
"""
        name = f"quantise_{call.isa.name}_{out.short}_{digest(text)}"
        requires = (*needs(expr, call.isa), dialect_s8(call.isa), plain.function)
        function = CFunction(name, f"/* {describe(expr)} */\n{text.replace('NAME', name)}", requires, ("stdint.h", "stddef.h"))
        return Emitted(function, plain.args, why="vectors of numbers that become 8-bit ones", units=plain.units)

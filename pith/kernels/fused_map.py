"""Generic loop nest for elementwise expressions over strided operands: also every plain copy, transpose and slice."""

from __future__ import annotations

from dataclasses import dataclass

from pith.graph.expr import used_args
from pith.kernels.base import Arg, Call, Count, Emitted, In, Int, Kernel, Operand, Out, kernel
from pith.vector.cexpr import Requires, digest, load, print_expr, store
from pith.vector.cfunction import CFunction

_PART = 1024  # elements of a single loop that stay together when threads share it out

IVDEP = CFunction(
    "PITH_IVDEP",
    "/* iterations touch different elements, or the same element of input and output */\n"
    "/* not where QEMU 7.2 aborts on an instruction that clang takes (vfcvt.rtz), nor where clang compares NaN wrongly (MVE) */\n"
    "#if defined(__riscv_vector) || (defined(__clang__) && defined(__ARM_FEATURE_MVE))\n#define PITH_IVDEP\n"
    '#elif defined(__clang__)\n#pragma clang diagnostic ignored "-Wpass-failed" /* a loop too short for vectors is no fault */\n'
    '#define PITH_IVDEP _Pragma("clang loop vectorize(assume_safety)")\n'
    '#elif defined(__GNUC__)\n#define PITH_IVDEP _Pragma("GCC ivdep")\n#else\n#define PITH_IVDEP\n#endif\n',
)


@dataclass(frozen=True, slots=True)
class Nest:
    """Loop extents, outermost first, and for each operand (inputs then output) its stride per loop."""

    extents: tuple[int, ...]
    strides: tuple[tuple[int, ...], ...]


def collapse(shape: tuple[int, ...], operands: list[tuple[int, ...]]) -> Nest:
    """Drop axes of extent 1 and merge neighbours that every operand walks as one."""
    axes = [(d, [s[k] for s in operands]) for k, d in enumerate(shape) if d != 1]
    merged: list[tuple[int, list[int]]] = []
    for d, s in axes:
        if merged and all(outer == inner * d for outer, inner in zip(merged[-1][1], s, strict=True)):
            merged[-1] = (merged[-1][0] * d, s)
        else:
            merged.append((d, s))
    if not merged:
        merged = [(1, [1] * len(operands))]
    columns = tuple(tuple(s[k] for _, s in merged) for k in range(len(operands)))
    return Nest(tuple(d for d, _ in merged), columns)


def broadcast_strides(operand: Operand, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides of `operand` walked over `shape`: 0 where it is repeated."""
    lead = len(shape) - len(operand.shape)
    own = (0 if d == 1 else s for d, s in zip(operand.shape, operand.strides, strict=True))
    return (0,) * lead + tuple(own)


@kernel("fused", "map")
class FusedMap(Kernel):
    """One pass over the output; operands may have any strides."""

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return True

    def uses(self, call: Call) -> set[int]:
        return set(used_args(call.attrs["expr"]))

    def inplace(self, call: Call) -> tuple[int, ...]:
        out = call.outputs[0]
        return tuple(
            i for i, x in enumerate(call.inputs)
            if x is not None and x.shape == out.shape and x.contiguous and x.type.dtype.itemsize == out.type.dtype.itemsize
        )  # fmt: skip

    def emit(self, call: Call) -> Emitted:
        expr, out = call.attrs["expr"], call.outputs[0]
        used = used_args(expr)
        operands = [call.input(i) for i in used]
        nest = collapse(out.shape, [broadcast_strides(x, out.shape) for x in operands] + [out.strides])
        rank, inner = len(nest.extents), len(nest.extents) - 1
        params: list[str] = []
        args: list[Arg] = []
        requires: Requires = (IVDEP,)
        whole = nest.extents[0]
        per = _PART if rank == 1 else 1  # elements, or turns of the outermost loop, that a thread does at least
        for k, (i, x) in enumerate(zip(used, operands, strict=True)):
            params.append(f"const {x.type.dtype.c} *a{k}")
            args.append(In(i, per * nest.strides[k][0]))
        params.append(f"{out.type.dtype.c} *y")
        args.append(Out(0, per * nest.strides[-1][0]))
        for d in range(rank):
            params.append(f"int32_t n{d}")
            args.append(Int(nest.extents[d]) if d else Count(per, whole))

        def stride(k: int, d: int) -> str:
            """C text of a stride; 0 and 1 on the innermost loop, and 0 anywhere, are baked in."""
            s = nest.strides[k][d]
            if s == 0 or (d == inner and s == 1):
                return str(s)
            name = f"s{k}_{d}"
            params.append(f"int32_t {name}")
            args.append(Int(s))
            return name

        names = [f"a{k}" for k in range(len(used))] + ["y"]
        types = [f"const {x.type.dtype.c}" for x in operands] + [out.type.dtype.c]
        steps = [[stride(k, d) for d in range(rank)] for k in range(len(names))]
        body: list[str] = []
        pad = "  "
        pointers = list(names)
        for d in range(inner):
            body.append(f"{pad}for (int32_t i{d} = 0; i{d} < n{d}; i{d}++) {{")
            pad += "  "
            for k in range(len(names)):
                if steps[k][d] != "0":
                    new = f"{names[k]}_{d}"
                    body.append(f"{pad}{types[k]} *{new} = {pointers[k]} + (ptrdiff_t)i{d} * {steps[k][d]};")
                    pointers[k] = new
        at = {"0": "[0]", "1": "[i]"}
        values: dict[int, str] = {}
        loads: list[str] = []
        for k, x in enumerate(operands):
            text, need = load(
                x.type.dtype, pointers[k] + at.get(steps[k][inner], f"[(ptrdiff_t)i * {steps[k][inner]}]")
            )
            requires += need
            line = f"const {x.type.dtype.compute.c} x{k} = {text};"
            (body if steps[k][inner] == "0" else loads).append((pad if steps[k][inner] == "0" else pad + "  ") + line)
            values[used[k]] = f"x{k}"
        statements, result, need = print_expr(expr, [values.get(i, "0") for i in range(max(used, default=-1) + 1)])
        requires += need
        text, need = store(
            out.type.dtype,
            pointers[-1] + at.get(steps[-1][inner], f"[(ptrdiff_t)i * {steps[-1][inner]}]"),
            result,
            saturate=expr.op != "cast",
        )
        requires += need
        body.append(f"{pad}PITH_IVDEP")
        body.append(f"{pad}for (int32_t i = 0; i < n{inner}; i++) {{")
        body += loads + [f"{pad}  {s}" for s in statements] + [f"{pad}  {text}", f"{pad}}}"]
        body += ["  " * (d + 1) + "}" for d in reversed(range(inner))]
        signature = ", ".join(params)
        code = "\n".join(body)
        label = "copy" if expr.op == "arg" else expr.op
        name = f"map_{label}_{out.type.dtype.short}_{digest(_describe(expr) + signature + code)}"
        function = CFunction(
            name,
            f"/* {_describe(expr)} */\nstatic void {name}({signature}) {{\n{code}\n}}\n",
            requires,
            ("stdint.h", "stddef.h"),
        )
        return Emitted(function, tuple(args), why=f"{rank}-deep loop nest", units=max(1, -(-whole // per)))


def _describe(expr: object) -> str:
    text = str(expr).replace("*/", "* /")
    return text if len(text) <= 110 else text[:107] + "..."

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


@dataclass(frozen=True, slots=True)
class Walk:
    """How a call's output is walked, as C: parameters of the function and their arguments; the loops but the innermost, opened and
    closed; of each operand that is used, and of the output last, where the innermost loop finds it and its step there (C text)."""

    used: list[int]
    operands: list[Operand]
    params: list[str]
    args: tuple[Arg, ...]
    opening: list[str]
    closing: list[str]
    pad: str
    pointers: list[str]
    steps: list[str]
    rank: int
    units: int

    @property
    def count(self) -> str:
        """Turns of the innermost loop."""
        return f"n{self.rank - 1}"


def walk_of(call: Call) -> Walk:
    """The walk over the operands of a `fused` call."""
    out, used = call.outputs[0], list(used_args(call.attrs["expr"]))
    operands = [call.input(i) for i in used]
    nest = collapse(out.shape, [broadcast_strides(x, out.shape) for x in operands] + [out.strides])
    rank, inner = len(nest.extents), len(nest.extents) - 1
    params: list[str] = []
    args: list[Arg] = []
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
    opening: list[str] = []
    pad = "  "
    pointers = list(names)
    for d in range(inner):
        opening.append(f"{pad}for (int32_t i{d} = 0; i{d} < n{d}; i{d}++) {{")
        pad += "  "
        for k in range(len(names)):
            if steps[k][d] != "0":
                new = f"{names[k]}_{d}"
                opening.append(f"{pad}{types[k]} *{new} = {pointers[k]} + (ptrdiff_t)i{d} * {steps[k][d]};")
                pointers[k] = new
    closing = ["  " * (d + 1) + "}" for d in reversed(range(inner))]
    units = max(1, -(-whole // per))
    return Walk(used, operands, params, tuple(args), opening, closing, pad, pointers, [s[inner] for s in steps], rank, units)


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
        expr, out, walk = call.attrs["expr"], call.outputs[0], walk_of(call)
        requires: Requires = (IVDEP,)
        at = {"0": "[0]", "1": "[i]"}
        values: dict[int, str] = {}
        body, loads, pad = list(walk.opening), list[str](), walk.pad
        for k, x in enumerate(walk.operands):
            step = walk.steps[k]
            text, need = load(x.type.dtype, walk.pointers[k] + at.get(step, f"[(ptrdiff_t)i * {step}]"))
            requires += need
            line = f"const {x.type.dtype.compute.c} x{k} = {text};"
            (body if step == "0" else loads).append((pad if step == "0" else pad + "  ") + line)
            values[walk.used[k]] = f"x{k}"
        statements, result, need = print_expr(expr, [values.get(i, "0") for i in range(max(walk.used, default=-1) + 1)])
        requires += need
        text, need = store(
            out.type.dtype,
            walk.pointers[-1] + at.get(walk.steps[-1], f"[(ptrdiff_t)i * {walk.steps[-1]}]"),
            result,
            saturate=expr.op != "cast",
        )
        requires += need
        body.append(f"{pad}PITH_IVDEP")
        body.append(f"{pad}for (int32_t i = 0; i < {walk.count}; i++) {{")
        body += loads + [f"{pad}  {s}" for s in statements] + [f"{pad}  {text}", f"{pad}}}", *walk.closing]
        signature = ", ".join(walk.params)
        code = "\n".join(body)
        label = "copy" if expr.op == "arg" else expr.op
        name = f"map_{label}_{out.type.dtype.short}_{digest(describe(expr) + signature + code)}"
        function = CFunction(
            name,
            f"/* {describe(expr)} */\nstatic void {name}({signature}) {{\n{code}\n}}\n",
            requires,
            ("stdint.h", "stddef.h"),
        )
        return Emitted(function, walk.args, why=f"{walk.rank}-deep loop nest", units=walk.units)


def describe(expr: object) -> str:
    text = str(expr).replace("*/", "* /")
    return text if len(text) <= 110 else text[:107] + "..."

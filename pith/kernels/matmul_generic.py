"""matmul of any element type, strides and rank as plain loops; also what the generic loops of all products share.

Element types in the templates: `$T` of the first factor, `$Tw` of the second, `$Tb` of the bias, `$Ty` of the result, `$T1` ...
of the extras.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pith.graph import DType
from pith.kernels.base import Arg, Call, Const, Emitted, In, Int, Kernel, Operand, Out, kernel
from pith.kernels.ctext import c_function
from pith.kernels.four_bits import ELEMENT
from pith.vector.cexpr import digest, print_expr
from pith.vector.cfunction import CFunction

BLOCK = 8  # output columns accumulated side by side


@dataclass(slots=True)
class Params:
    """Parameters of a generated function in order, and the arguments of this call."""

    text: list[str] = field(default_factory=list)
    args: list[Arg] = field(default_factory=list)

    def pointer(self, ctype: str, name: str, arg: Arg) -> None:
        self.text.append(f"{ctype} *{name}")
        self.args.append(arg)

    def pointers(self, call: Call, first: str, second: str, packed: Const | None = None) -> None:
        """The two factors (the second perhaps `packed`), the bias where there is one, the output y, the extras e0, e1, ..."""
        self.pointer("const $T", first, In(0))
        self.pointer("const $Tw", second, packed or In(1))
        if optional(call, 2) is not None:
            self.pointer("const $Tb", "bias", In(2))
        self.pointer("$Ty", "y", Out())
        for i in range(len(call.inputs) - 3):
            self.pointer(f"const $T{i + 1}", f"e{i}", In(3 + i))

    def ints(self, values: dict[str, int]) -> None:
        for name, value in values.items():
            self.text.append(f"int32_t {name}")
            self.args.append(Int(value))

    def __str__(self) -> str:
        lines, line = [], ""
        for i, p in enumerate(self.text):
            piece = p + (", " if i + 1 < len(self.text) else "")
            if line and len(line) + len(piece) > 110:
                lines.append(line.rstrip())
                line = ""
            line += piece
        return "\n    ".join([*lines, line])


def optional(call: Call, index: int) -> Operand | None:
    """Input `index` where the call has it."""
    return call.inputs[index] if len(call.inputs) > index else None


@dataclass(frozen=True, slots=True)
class Sums:
    """How products are summed: the C type of the sum, the cast of a factor to it, the C type that the epilogue has of it,
    and the names of the zero points that are taken off the factors ("": none)."""

    total: str
    cast: str
    kind: str = "$A"
    zeros: tuple[str, str] = ("", "")

    def factor(self, side: int, element: str) -> str:
        """C of an element of factor `side`, ready to be multiplied."""
        zero = self.zeros[side]
        return f"({self.cast}{element} - {zero})" if zero else f"{self.cast}{element}"

    def value(self, total: str) -> str:
        """C of the sum as the epilogue has it."""
        return f"({self.kind})({total})" if self.cast and self.kind != self.total else total


def accumulator(dtype: DType) -> Sums:
    """Sums of products of one type: integers wrap as unsigned."""
    if dtype.is_float:
        return Sums(dtype.compute.c, "")
    wide = "uint64_t" if dtype.itemsize == 8 else "uint32_t"
    return Sums(wide, f"({wide})")


def exact(total: DType, zero_a: int, zero_b: int = 0) -> Sums:
    """Sums of products of integers, which stay within their type, int32 or int64 (so somebody has proven)."""
    return Sums(total.c, f"({total.c})", total.c, ("zero_a" if zero_a else "", "zero_b" if zero_b else ""))


def extra_strides(call: Call, index: int, channel: int) -> tuple[int, ...]:
    """Strides of extra input `index` walked over the output; an array of rank 1 lies along axis `channel`."""
    x, out = call.input(index), call.outputs[0]
    own = tuple(0 if d == 1 else s for d, s in zip(x.shape, x.strides, strict=True))
    if len(own) == len(out.shape):
        return own
    return tuple(own[0] if d == channel else 0 for d in range(len(out.shape)))


def loops_fit(call: Call, channel: int) -> bool:
    """Whether factors, bias and output have one numeric type, and each extra fits."""
    dtype, out = call.input(0).type.dtype, call.outputs[0]
    others = (call.input(1), out, optional(call, 2))
    return dtype is not DType.BOOL and all(o is None or o.type.dtype is dtype for o in others) and extras_fit(call, channel)


def extras_fit(call: Call, channel: int) -> bool:
    """Whether each extra has the output's shape or one value a channel."""
    out = call.outputs[0]
    return all(x is not None and (x.shape == out.shape or x.shape == out.shape[channel:][:1]) for x in call.inputs[3:])


def finish(call: Call, value: str, places: Sequence[str], target: str, kind: str = "$A") -> tuple[list[str], tuple[CFunction, ...]]:
    """C statements that store `value` (accumulator and bias, of C type `kind`) after the epilogue.

    `places[i]`: where the element of extra i lies;  `target`: where the result goes.
    """
    expr = call.attrs.get("epilogue")
    if expr is None:
        return [f"STy({target}, {value});"], ()
    loads = [f"const {kind} v = {value};"]
    loads += [f"const $A{i + 1} x{i} = LD{i + 1}({p});" for i, p in enumerate(places)]
    statements, result, requires = print_expr(expr, ["v", *(f"x{i}" for i in range(len(places)))])
    return [*loads, *statements, f"STy({target}, {result});"], requires


def named(call: Call, label: str, text: str, requires: tuple[CFunction, ...]) -> CFunction:
    """The function of template `text`, its name ending in a digest where an epilogue is baked in."""
    bias = optional(call, 2)
    types = {"": call.input(0).type.dtype}
    types |= {"w": call.input(1).type.dtype, "y": call.outputs[0].type.dtype, "b": bias.type.dtype if bias else DType.I32}
    types |= {str(i + 1): call.input(3 + i).type.dtype for i in range(len(call.inputs) - 3)}
    label += "" if bias is None else "_bias64" if bias.type.dtype is DType.I64 else "_bias"
    if call.attrs.get("epilogue") is not None:
        label += "_" + digest(text + repr(types))
    f = c_function(call, label, text, types, requires=requires)
    return CFunction(f.name, f.text, f.requires, ("stdint.h", "stddef.h"))


def emit_product(call: Call, sums: Sums, extra: dict[str, int], *, label: str = "", four: Const | None = None) -> Emitted:
    """The loop nest of a matrix product; `extra`: further arguments that `sums` names; `four`: the second factor, two numbers a byte."""
    a, b, y, bias = call.input(0), call.input(1), call.outputs[0], optional(call, 2)
    (m, k), (sam, sak) = _matrix(a, bool(call.attrs.get("trans_a")), row=True)
    (_, n), (sbk, sbn) = _matrix(b, bool(call.attrs.get("trans_b")), row=False)
    axes = list(range(len(y.shape)))  # of the output; a vector on either side leaves one out
    col = axes.pop() if len(b.shape) > 1 else -1
    row = axes.pop() if len(a.shape) > 1 else -1
    walks = {"y": y.strides}
    walks |= {f"e{i}": extra_strides(call, 3 + i, len(y.shape) - 1) for i in range(len(call.inputs) - 3)}

    p = Params()
    p.pointers(call, "a", "b", four)
    p.ints({"m": m, "n": n, "k": k, "sam": sam, "sak": sak, "sbk": sbk, "sbn": sbn, **extra})
    for name, s in walks.items():
        p.ints({f"{name}m": s[row] if row >= 0 else 0, f"{name}n": s[col] if col >= 0 else 0})
    loops, at = "", {name: "0" if four and name == "b" else name for name in ("a", "b", *walks)}
    for d in axes:
        steps = {"a": _batch_stride(a, d, len(axes)), "b": _batch_stride(b, d, len(axes))}
        steps |= {name: s[d] for name, s in walks.items()}
        p.ints({f"n{d}": y.shape[d], **{f"{name}_{d}": s for name, s in steps.items()}})
        loops += f"  for (int32_t i{d} = 0; i{d} < n{d}; i{d}++)\n"
        at = {name: f"{text} + (ptrdiff_t)i{d} * {name}_{d}" for name, text in at.items()}
    value = "acc[j]" if bias is None else f"acc[j] + {sums.cast}LDb(bias[{'c + j' if col >= 0 else 'r'}])"
    places = [f"q_{name}[(ptrdiff_t)(c + j) * {name}n]" for name in walks]
    store, requires = finish(call, sums.value(value), places[1:], places[0], sums.kind)
    types = ["$Ty", *(f"const $T{i}" for i in range(1, len(walks)))]
    rows = "".join(
        f"    {t} *const q_{v} = {at[v]} + (ptrdiff_t)r * {v}m;\n" for t, v in zip(types, walks, strict=True)
    )
    element = "pith_four_bits(b, w + (ptrdiff_t)j * sbn)" if four else "LDw(w[(ptrdiff_t)j * sbn])"
    left, right = sums.factor(0, "LD(p[(ptrdiff_t)i * sak])"), sums.factor(1, element)
    first = f"{'ptrdiff_t w = ' if four else 'const $Tw *w = '}{at['b']} + (ptrdiff_t)c * sbn"
    requires = (*requires, ELEMENT) if four else requires
    text = f"""static void $name({p}) {{
{loops}  for (int32_t r = 0; r < m; r++) {{
    const $T *const p = {at["a"]} + (ptrdiff_t)r * sam;
{rows}    for (int32_t c = 0; c < n; c += {BLOCK}) {{
      const int32_t cols = n - c < {BLOCK} ? n - c : {BLOCK};
      {first};
      {sums.total} acc[{BLOCK}];
      for (int32_t j = 0; j < {BLOCK}; j++) acc[j] = 0;
      for (int32_t i = 0; i < k; i++, w += sbk) {{
        const {sums.total} x = {left};
        for (int32_t j = 0; j < cols; j++) acc[j] += x * {right};
      }}
      for (int32_t j = 0; j < cols; j++) {{
{chr(10).join("        " + s for s in store)}
      }}
    }}
  }}
}}
"""
    label = f"loops{len(axes)}" + ("" if row >= 0 else "_row") + ("" if col >= 0 else "_column") + label
    return Emitted(named(call, label, text, requires), tuple(p.args), why="plain loops")


@kernel("matmul", "generic")
class MatmulGeneric(Kernel):
    """Every case: batch axes outermost, then rows, blocks of columns, and the inner dimension."""

    def applies(self, call: Call) -> bool:
        return loops_fit(call, len(call.outputs[0].shape) - 1)

    def cost(self, call: Call) -> float:
        return 100.0

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return output or index != 2 or operand.contiguous

    def emit(self, call: Call) -> Emitted:
        return emit_product(call, accumulator(call.input(0).type.dtype), {})


def _matrix(x: Operand, swapped: bool, *, row: bool) -> tuple[tuple[int, int], tuple[int, int]]:
    """Extents and strides of the last two axes, after the swap; a vector is one row (or one column)."""
    if len(x.shape) == 1:
        shape, strides = (1, x.shape[0]), (0, x.strides[0])
        return (shape, strides) if row else (shape[::-1], strides[::-1])
    shape, strides = (x.shape[-2], x.shape[-1]), (x.strides[-2], x.strides[-1])
    return (shape[::-1], strides[::-1]) if swapped else (shape, strides)


def _batch_stride(x: Operand, axis: int, batch: int) -> int:
    """Stride of `x` along batch axis `axis` of the output; 0 where it is repeated."""
    own = axis - (batch - max(len(x.shape) - 2, 0))
    return x.strides[own] if own >= 0 and x.shape[own] != 1 else 0

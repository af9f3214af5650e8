"""matmul of any element type, strides and rank as plain loops; also what the generic loops of all products share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pith.graph import DType
from pith.kernels.base import Arg, Call, Emitted, In, Int, Kernel, Operand, Out, kernel
from pith.kernels.ctext import c_function
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

    def pointers(self, call: Call, first: str, second: str) -> None:
        """The two factors, the bias where there is one, the output y, and the extras e0, e1, ..."""
        self.pointer("const $T", first, In(0))
        self.pointer("const $T", second, In(1))
        if optional(call, 2) is not None:
            self.pointer("const $T", "bias", In(2))
        self.pointer("$T", "y", Out())
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


def accumulator(dtype: DType) -> tuple[str, str]:
    """C type that products of `dtype` are summed in, and the cast of a factor to it: integers wrap as unsigned."""
    if dtype.is_float:
        return dtype.compute.c, ""
    wide = "uint64_t" if dtype.itemsize == 8 else "uint32_t"
    return wide, f"({wide})"


def extra_strides(call: Call, index: int, channel: int) -> tuple[int, ...]:
    """Strides of extra input `index` walked over the output; an array of rank 1 lies along axis `channel`."""
    x, out = call.input(index), call.outputs[0]
    own = tuple(0 if d == 1 else s for d, s in zip(x.shape, x.strides, strict=True))
    if len(own) == len(out.shape):
        return own
    return tuple(own[0] if d == channel else 0 for d in range(len(out.shape)))


def loops_fit(call: Call, channel: int) -> bool:
    """Whether factors, bias and output have one numeric type, and each extra the output's shape or one value a channel."""
    dtype, out = call.input(0).type.dtype, call.outputs[0]
    others = (call.input(1), out, optional(call, 2))
    return (
        dtype is not DType.BOOL
        and all(o is None or o.type.dtype is dtype for o in others)
        and all(x is not None and (x.shape == out.shape or x.shape == out.shape[channel:][:1]) for x in call.inputs[3:])
    )


def finish(call: Call, value: str, places: Sequence[str], target: str) -> tuple[list[str], tuple[CFunction, ...]]:
    """C statements that store `value` (accumulator and bias, in the compute type) after the epilogue.

    `places[i]`: where the element of extra i lies;  `target`: where the result goes.
    """
    expr = call.attrs.get("epilogue")
    if expr is None:
        return [f"ST({target}, {value});"], ()
    loads = [f"const $A v = {value};"]
    loads += [f"const $A{i + 1} x{i} = LD{i + 1}({p});" for i, p in enumerate(places)]
    statements, result, requires = print_expr(expr, ["v", *(f"x{i}" for i in range(len(places)))])
    return [*loads, *statements, f"ST({target}, {result});"], requires


def named(call: Call, label: str, text: str, requires: tuple[CFunction, ...]) -> CFunction:
    """The function of template `text`, its name ending in a digest where an epilogue is baked in."""
    types = {"": call.input(0).type.dtype}
    types |= {str(i + 1): call.input(3 + i).type.dtype for i in range(len(call.inputs) - 3)}
    label += "_bias" if optional(call, 2) is not None else ""
    if call.attrs.get("epilogue") is not None:
        label += "_" + digest(text + repr(types))
    f = c_function(call, label, text, types, requires=requires)
    return CFunction(f.name, f.text, f.requires, ("stdint.h", "stddef.h"))


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
        a, b, y, bias = call.input(0), call.input(1), call.outputs[0], optional(call, 2)
        dtype = a.type.dtype
        total, cast = accumulator(dtype)
        (m, k), (sam, sak) = _matrix(a, bool(call.attrs.get("trans_a")), row=True)
        (_, n), (sbk, sbn) = _matrix(b, bool(call.attrs.get("trans_b")), row=False)
        axes = list(range(len(y.shape)))  # of the output; a vector on either side leaves one out
        col = axes.pop() if len(b.shape) > 1 else -1
        row = axes.pop() if len(a.shape) > 1 else -1
        walks = {"y": y.strides}
        walks |= {f"e{i}": extra_strides(call, 3 + i, len(y.shape) - 1) for i in range(len(call.inputs) - 3)}

        p = Params()
        p.pointers(call, "a", "b")
        p.ints({"m": m, "n": n, "k": k, "sam": sam, "sak": sak, "sbk": sbk, "sbn": sbn})
        for name, s in walks.items():
            p.ints({f"{name}m": s[row] if row >= 0 else 0, f"{name}n": s[col] if col >= 0 else 0})
        loops, at = "", {name: name for name in ("a", "b", *walks)}
        for d in axes:
            steps = {"a": _batch_stride(a, d, len(axes)), "b": _batch_stride(b, d, len(axes))}
            steps |= {name: s[d] for name, s in walks.items()}
            p.ints({f"n{d}": y.shape[d], **{f"{name}_{d}": s for name, s in steps.items()}})
            loops += f"  for (int32_t i{d} = 0; i{d} < n{d}; i{d}++)\n"
            at = {name: f"{text} + (ptrdiff_t)i{d} * {name}_{d}" for name, text in at.items()}
        value = "acc[j]" if bias is None else f"acc[j] + {cast}LD(bias[{'c + j' if col >= 0 else 'r'}])"
        value = value if dtype.is_float else f"($A)({value})"
        places = [f"q_{name}[(ptrdiff_t)(c + j) * {name}n]" for name in walks]
        store, requires = finish(call, value, places[1:], places[0])
        types = ["$T", *(f"const $T{i}" for i in range(1, len(walks)))]
        rows = "".join(
            f"    {t} *const q_{v} = {at[v]} + (ptrdiff_t)r * {v}m;\n" for t, v in zip(types, walks, strict=True)
        )
        text = f"""static void $name({p}) {{
{loops}  for (int32_t r = 0; r < m; r++) {{
    const $T *const p = {at["a"]} + (ptrdiff_t)r * sam;
{rows}    for (int32_t c = 0; c < n; c += {BLOCK}) {{
      const int32_t cols = n - c < {BLOCK} ? n - c : {BLOCK};
      const $T *w = {at["b"]} + (ptrdiff_t)c * sbn;
      {total} acc[{BLOCK}];
      for (int32_t j = 0; j < {BLOCK}; j++) acc[j] = 0;
      for (int32_t i = 0; i < k; i++, w += sbk) {{
        const {total} x = {cast}LD(p[(ptrdiff_t)i * sak]);
        for (int32_t j = 0; j < cols; j++) acc[j] += x * {cast}LD(w[(ptrdiff_t)j * sbn]);
      }}
      for (int32_t j = 0; j < cols; j++) {{
{chr(10).join("        " + s for s in store)}
      }}
    }}
  }}
}}
"""
        label = f"loops{len(axes)}" + ("" if row >= 0 else "_row") + ("" if col >= 0 else "_column")
        return Emitted(named(call, label, text, requires), tuple(p.args), why="plain loops")


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

"""conv of any element type, rank, layout and weights as plain loops; the nest is shared with the transposed convolution."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pith.kernels.base import Call, Const, Emitted, Kernel, Operand, kernel
from pith.kernels.four_bits import ELEMENT
from pith.kernels.matmul_generic import Params, Sums, accumulator, extra_strides, finish, loops_fit, named, optional


def axes_of(operand: Operand, layout: str) -> tuple[int, list[int]]:
    """(channel axis, spatial axes) of a tensor in `layout`."""
    rank = len(operand.shape)
    return (rank - 1, list(range(1, rank - 1))) if layout == "channels_last" else (1, list(range(2, rank)))


# from where the taps of an axis lie within the picture, to which; and the loop over them, the input coordinate in it
BOUNDS = (
    "const int32_t at{a} = o{a} * st{a} - pa{a}, room{a} = xn{a} - at{a};",
    "const int32_t lo{a} = at{a} < 0 ? (di{a} - 1 - at{a}) / di{a} : 0;",
    "const int32_t fit{a} = room{a} > 0 ? (room{a} - 1) / di{a} + 1 : 0, hi{a} = fit{a} < kn{a} ? fit{a} : kn{a};",
)
TAPS = ("for (int32_t k{a} = lo{a}; k{a} < hi{a}; k{a}++) {{",)
POSITION = "(at{a} + k{a} * di{a})"


@dataclass(frozen=True, slots=True)
class Integers:
    """What is different for 8-bit integers: how they are summed, the weights as they were packed and their strides, and the
    C of the index of an input channel in the picture and in the weights; `label` tells these apart in the function's name.
    four: the weights lie two a byte."""

    sums: Sums
    extra: dict[str, int]
    weights: Const | None
    strides: tuple[int, ...]
    steps: tuple[str, str]
    label: str
    four: bool = False


def emit_loops(
    call: Call, bounds: Sequence[str], taps: Sequence[str], position: str, *, transposed: bool, integers: Integers | None = None
) -> Emitted:
    """The loop nest of a convolution: batch, groups, output positions, output channels, taps, input channels.

    `bounds`: statements run for each output position and axis;  `taps`: what opens the loop over the taps of an axis;
    `position`: the input coordinate inside it. `{a}` in them stands for the axis.
    """
    x, y, bias, layout = call.input(0), call.outputs[0], optional(call, 2), call.attrs["layout"]
    sums = integers.sums if integers else accumulator(x.type.dtype)
    step_x, step_w = integers.steps if integers else ("(ptrdiff_t)i * xc", "(ptrdiff_t)i * wi")
    rank = len(x.shape) - 2
    walks = {"y": y.strides, **{f"e{i}": extra_strides(call, 3 + i, axes_of(y, layout)[0]) for i in range(len(call.inputs) - 3)}}
    p = _parameters(call, walks, transposed=transposed, rows="wi" in step_w, integers=integers)

    def walk(base: str, prefix: str, index: str) -> str:
        """`base` moved by `index` along every spatial axis of the operand whose strides begin with `prefix`."""
        return base + "".join(f" + (ptrdiff_t){index.format(a=a)} * {prefix}s{a}" for a in range(rank))

    lines = ["for (int32_t b = 0; b < batch; b++) {", "for (int32_t g = 0; g < group; g++) {"]
    for a in range(rank):
        lines += [f"for (int32_t o{a} = 0; o{a} < yn{a}; o{a}++) {{", *(t.format(a=a) for t in bounds)]
    for i, v in enumerate(walks):
        ctype = f"const $T{i}" if i else "$Ty"
        lines.append(
            f"{ctype} *const q_{v} = {walk(f'{v} + (ptrdiff_t)b * {v}b + (ptrdiff_t)(g * co) * {v}c', v, 'o{a}')};"
        )
    # a group's weights: [O / group, I / group, taps] of conv's [O, ...], [I / group, O / group, taps] when transposed
    part = "(ptrdiff_t)(g * ci) * wi" if transposed else "(ptrdiff_t)(g * co) * wo"
    start = "0" if bias is None else f"{sums.cast}LDb(bias[g * co + c])"
    lines += ["for (int32_t c = 0; c < co; c++) {", f"{sums.total} acc = {start};"]
    for a in range(rank):
        lines += [t.format(a=a) for t in taps]
    first = walk(f"{part} + (ptrdiff_t)c * wo", "w", "k{a}")
    element, held = f"LDw(h[{step_w}])", f"const $Tw *const h = w + {first};"
    if integers and integers.four:
        element, held = f"pith_four_bits(w, h + {step_w})", f"const ptrdiff_t h = {first};"
    lines += [
        f"const $T *const u = {walk('x + (ptrdiff_t)b * xb + (ptrdiff_t)(g * ci) * xc', 'x', position)};",
        held,
        f"for (int32_t i = 0; i < ci; i++) acc += {sums.factor(0, f'LD(u[{step_x}])')} * {sums.factor(1, element)};",
    ]
    places = [f"q_{v}[(ptrdiff_t)c * {v}c]" for v in walks]
    value = f"({sums.kind})acc" if sums.cast and sums.kind != sums.total else "acc"
    store, requires = finish(call, value, places[1:], places[0], sums.kind)
    lines += [*["}"] * rank, *store, *["}"] * (rank + 3)]
    text = f"static void $name({p}) {{\n{_indent(lines)}\n}}\n"
    requires = (*requires, ELEMENT) if integers and integers.four else requires
    label = f"loops{rank}" + (integers.label if integers else "")
    return Emitted(named(call, label, text, requires), tuple(p.args), why="plain loops")


def _parameters(
    call: Call, walks: Mapping[str, Sequence[int]], *, transposed: bool, rows: bool, integers: Integers | None
) -> Params:  # fmt: skip
    """Parameters of the loop nest: pointers, sizes, and strides of every operand. `walks`: strides of what is written and read beside it
    by its name; `rows`: whether the weights' stride from one input channel to the next is asked for."""
    x, w, y, at = call.input(0), call.input(1), call.outputs[0], call.attrs
    group, strides = at["group"], integers.strides if integers else w.strides
    (xc, xa), (yc, ya) = axes_of(x, at["layout"]), axes_of(y, at["layout"])
    p = Params()
    p.pointers(call, "x", "w", integers.weights if integers else None)
    p.ints({"batch": x.shape[0], "group": group, "ci": x.shape[xc] // group, "co": y.shape[yc] // group})
    p.ints({"xb": x.strides[0], "xc": x.strides[xc], **({"wi": strides[int(not transposed)]} if rows else {}), "wo": strides[int(transposed)]})
    p.ints(integers.extra if integers else {})
    for name, s in walks.items():
        p.ints({f"{name}b": s[0], f"{name}c": s[yc]})
    for a in range(len(xa)):
        p.ints({f"xn{a}": x.shape[xa[a]], f"yn{a}": y.shape[ya[a]], f"kn{a}": w.shape[2 + a]})
        p.ints({f"st{a}": at["strides"][a], f"di{a}": at["dilations"][a], f"pa{a}": at["pads"][a]})
        p.ints({f"xs{a}": x.strides[xa[a]], f"ws{a}": strides[2 + a], **{f"{v}s{a}": s[ya[a]] for v, s in walks.items()}})
    return p


def _indent(lines: Sequence[str]) -> str:
    """C lines indented by their braces."""
    out, depth = [], 1
    for line in lines:
        depth -= line == "}"
        out.append("  " * depth + line)
        depth += line.endswith("{")
    return "\n".join(out)


@kernel("conv", "generic")
class ConvGeneric(Kernel):
    """Every case. Taps that fall into the padding are cut off before the loops, not tested in them."""

    def applies(self, call: Call) -> bool:
        return loops_fit(call, axes_of(call.outputs[0], call.attrs["layout"])[0])

    def cost(self, call: Call) -> float:
        w = call.input(1)
        return 10.0 * call.outputs[0].type.size * math.prod(w.shape[1:])

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return output or index != 2 or operand.contiguous

    def emit(self, call: Call) -> Emitted:
        return emit_loops(call, BOUNDS, TAPS, POSITION, transposed=False)

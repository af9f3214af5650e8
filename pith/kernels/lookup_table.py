"""lookup: one load from the table for each element; operands may have any strides."""

from __future__ import annotations

import numpy as np

from pith.graph import DType
from pith.kernels.base import Arg, Call, Const, Count, Emitted, In, Int, Kernel, Operand, Out, kernel
from pith.kernels.fused_map import IVDEP, collapse
from pith.vector.cfunction import CFunction

_PART = 1024  # elements of a single loop that stay together when threads share it out


@kernel("lookup", "table")
class LookupTable(Kernel):
    """A constant table is stored in the order of the bits of its index, so that signed and unsigned integers share it."""

    def applies(self, call: Call) -> bool:
        return call.input(0).shape == call.outputs[0].shape

    def accepts(self, call: Call, operand: Operand, index: int, *, output: bool = False) -> bool:
        return output or index == 0 or operand.contiguous

    def uses(self, call: Call) -> set[int]:
        return {0} if call.input(1).const is not None else {0, 1}

    def inplace(self, call: Call) -> tuple[int, ...]:
        x, y = call.input(0), call.outputs[0]
        return (0,) if x.contiguous and x.type.dtype.itemsize == y.type.dtype.itemsize else ()

    def emit(self, call: Call) -> Emitted:
        x, table, y = call.input(0), call.input(1), call.outputs[0]
        nest = collapse(y.shape, [tuple(0 if d == 1 else s for d, s in zip(x.shape, x.strides, strict=True)), y.strides])
        signed = x.type.dtype is DType.I8
        order = np.roll(table.const, 128) if signed and table.const is not None else table.const
        source: Arg = In(1) if order is None else Const(np.ascontiguousarray(order))
        rank, whole = len(nest.extents), nest.extents[0]
        per = _PART if rank == 1 else 1
        params, args = ["int32_t n0"], list[Arg]([Count(per, whole)])
        lines, pad, a, b = [], "  ", "x", "y"
        steps = []
        for d in range(rank):
            if d:
                params.append(f"int32_t n{d}")
                args.append(Int(nest.extents[d]))
            step = []
            for k, name in enumerate("xy"):
                s = nest.strides[k][d]
                if d == rank - 1 and s == 1:
                    step.append(f"i{d}")
                    continue
                params.append(f"int32_t {name}{d}")
                args.append(Int(s))
                step.append(f"(ptrdiff_t)i{d} * {name}{d}")
            steps.append(step)
        for d in range(rank - 1):
            lines.append(f"{pad}for (int32_t i{d} = 0; i{d} < n{d}; i{d}++)")
            pad += "  "
            a, b = f"{a} + {steps[d][0]}", f"{b} + {steps[d][1]}"
        index = f"({a})[{steps[-1][0]}]" if rank > 1 else f"{a}[{steps[-1][0]}]"
        index = f"(uint8_t){index}" if order is not None else f"(int32_t){index} + {128 if signed else 0}"
        place = f"({b})[{steps[-1][1]}]" if rank > 1 else f"{b}[{steps[-1][1]}]"
        lines += [f"{pad}PITH_IVDEP", f"{pad}for (int32_t i{rank - 1} = 0; i{rank - 1} < n{rank - 1}; i{rank - 1}++)"]
        lines.append(f"{pad}  {place} = t[{index}];")
        kinds = "".join("1" if s == 1 else "s" for s in (nest.strides[0][-1], nest.strides[1][-1]))
        name = f"lookup_{x.type.dtype.short}_{y.type.dtype.short}_{rank}d_{kinds}" + ("" if order is not None else "_any")
        element = y.type.dtype.c
        text = f"static void {name}(const {x.type.dtype.c} *x, const {element} *t, {element} *y, {', '.join(params)}) {{\n" + "\n".join(lines) + "\n}\n"
        pointers: list[Arg] = [In(0, per * nest.strides[0][0]), source, Out(0, per * nest.strides[1][0])]
        function = CFunction(name, text, (IVDEP,), ("stdint.h", "stddef.h"))
        return Emitted(function, (*pointers, *args), why="one load an element", units=max(1, -(-whole // per)))

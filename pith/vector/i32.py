"""Expressions in fixed point over vectors of int32 (`vi`), for instruction sets with rounded high products ("fixed").

`vi_high` is the rounded high product of `pith.vector.fixed`, `vi_scale` all of `scale_fixed`; `vi_scale_right` is that with shifts to
the right by 1 to 31 only: a number below zero goes down by one before a shift that takes halves up.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from pith.graph import DType, Expr
from pith.vector.cexpr import literal

_INFIX = {"add": "+", "sub": "-", "mul": "*"}


def print_fixed(expr: Expr, args: Sequence[str], prefix: str, right: Set[int] = frozenset()) -> tuple[list[str], str]:
    """`expr` over vectors as C: statements defining temporaries that begin with `prefix`, and the result's text.

    args: names of vectors;  right: those that are shifts to the right.
    """
    statements: list[str] = []
    text: dict[int, str] = {}
    for n in expr.walk():
        parts = [text[id(a)] for a in n.args]
        if n.op == "arg":
            text[id(n)] = args[int(n.value)]
            continue
        if n.op == "const":
            text[id(n)] = f"vi_set1({literal(n.value, DType.I32)})"
            continue
        if n.op == "scale_fixed":
            s = _scaled(n.args[2], parts, right)
        elif n.op in _INFIX:
            s = f"{parts[0]} {_INFIX[n.op]} {parts[1]}"
        else:
            s = f"vi_{n.op}({', '.join(parts)})"
        name = f"{prefix}{len(statements)}"
        statements.append(f"const vi {name} = {s};")
        text[id(n)] = name
    return statements, text[id(expr)]


def _scaled(by: Expr, parts: list[str], right: Set[int]) -> str:
    if by.op == "arg" and by.value in right:
        return f"vi_scale_right({', '.join(parts)})"
    if by.op == "const" and by.value == 0:
        return f"vi_high({parts[0]}, {parts[1]})"
    return f"vi_scale({', '.join(parts)})"

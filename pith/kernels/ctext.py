"""Templates of C functions over element types: what most kernels of this folder are written with.

A template is C with a few marks: `$T` the stored type, `$A` the type of arithmetic, `LD(place)` an element in the type
of arithmetic, `ST(place, value);` a store that rounds to the stored type, `$name` the function's own name. A second
element type k has `$Tk`, `$Ak`, `LDk(...)`, `STk(...)`. `FN(exp, f32)` calls a function of the math library.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from pith.graph import DType
from pith.kernels.base import Call
from pith.vector.cexpr import literal, load, store
from pith.vector.cfunction import CFunction
from pith.vector.math import MATH

_WORD = re.compile(r"\$([A-Za-z0-9]+)")
_MARK = re.compile(r"\b(LD|ST|FN)(\w?)\(")


def _closing(text: str, start: int) -> int:
    """Index of the parenthesis that closes the one just before `start`."""
    depth = 1
    for i in range(start, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if not depth:
            return i
    raise ValueError(f"unbalanced parentheses in {text[start : start + 40]!r}")


def _split(text: str) -> tuple[str, str]:
    """Split `place, value` at the first comma outside parentheses and brackets."""
    depth = 0
    for i, ch in enumerate(text):
        depth += (ch in "([") - (ch in ")]")
        if ch == "," and not depth:
            return text[:i].strip(), text[i + 1 :].strip()
    raise ValueError(f"two arguments expected in {text!r}")


def c_function(
    call: Call,
    variant: str,
    text: str,
    types: Mapping[str, DType],
    marks: Mapping[str, str] | None = None,
    requires: tuple[CFunction, ...] = (),
) -> CFunction:
    """The function named `<op>_<type>_<isa>_<variant>` made from template `text`.

    `types[""]` is the main element type, `types["k"]` further ones; `marks` gives further `$mark` texts, which may
    hold marks themselves. Whatever they change must be told apart by `variant`.
    """
    return c_helper(f"{call.op}_{types[''].short}_{call.isa.name}_{variant}", text, types, marks, requires)


def c_helper(
    name: str,
    text: str,
    types: Mapping[str, DType],
    marks: Mapping[str, str] | None = None,
    requires: tuple[CFunction, ...] = (),
) -> CFunction:
    """The function `name` made from template `text`; functions that others call go by a name of their own."""
    words = {"name": name, **(marks or {})}
    for key, dtype in types.items():
        words |= {f"T{key}": dtype.c, f"A{key}": dtype.compute.c}
    while "$" in text:
        text = _WORD.sub(lambda m: words[m[1]], text)
    used: dict[str, CFunction] = {f.name: f for f in requires}
    return CFunction(name, _expand(text, types, used).lstrip("\n"), tuple(used.values()), ("stdint.h",))


def _expand(text: str, types: Mapping[str, DType], used: dict[str, CFunction]) -> str:
    """`text` with LD, ST and FN replaced; the functions they need are added to `used`."""
    out, at = [], 0
    while m := _MARK.search(text, at):
        out.append(text[at : m.start()])
        end = _closing(text, m.end())
        inner = _expand(text[m.end() : end], types, used)
        at = end + 1
        if m[1] == "FN":
            name, short = _split(inner)
            f = MATH[(name, short)]
            used[f.name] = f
            out.append(f.name)
            continue
        dtype = types[m[2]]
        if m[1] == "LD":
            code, needs = load(dtype, inner)
        else:
            code, needs = store(dtype, *_split(inner))
            at += text[at : at + 1] == ";"
        used.update((f.name, f) for f in needs)
        out.append(code)
    return "".join([*out, text[at:]])


def lowest(dtype: DType) -> str:
    """C text of the identity of max in the type of arithmetic."""
    a = dtype.compute
    if a.is_float:
        return literal(float("-inf"), a)
    return {DType.BOOL: "0", DType.I4: "-8", DType.U4: "0"}.get(a) or literal(_bounds(a)[0], a)


def highest(dtype: DType) -> str:
    """C text of the identity of min in the type of arithmetic."""
    a = dtype.compute
    if a.is_float:
        return literal(float("inf"), a)
    return {DType.BOOL: "1", DType.I4: "7", DType.U4: "15"}.get(a) or literal(_bounds(a)[1], a)


def _bounds(dtype: DType) -> tuple[int, int]:
    info = np.iinfo(dtype.np)
    return int(info.min), int(info.max)


def larger(dtype: DType, a: str, b: str, *, least: bool = False) -> str:
    """C text of max(a, b) (min when `least`), where NaN wins; both texts are repeated."""
    sign = "<" if least else ">"
    nan = f" || {b} != {b}" if dtype.is_float else ""
    return f"(({b} {sign} {a}{nan}) ? {b} : {a})"

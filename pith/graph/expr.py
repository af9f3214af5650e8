"""Scalar expressions: what one element of an elementwise operator, or of a fused chain of them, computes.

An `Expr` is an immutable tree. Leaves are `arg(i)` (element of operand i) and constants; inner nodes are scalar
functions. The same tree is evaluated by NumPy (`evaluate`) and printed as C (`pith.vector.cexpr`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from pith.graph.dtype import DType

# name -> number of arguments. Comparison and logic give BOOL; `cast` changes type; all else keeps its argument's type.
FUNCTIONS: dict[str, int] = {
    **dict.fromkeys(("add", "sub", "mul", "div", "mod", "fmod", "pow", "min", "max", "atan2"), 2),
    **dict.fromkeys(("neg", "abs", "sign", "sqrt", "floor", "ceil", "trunc", "rint", "round"), 1),
    **dict.fromkeys(("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sigmoid", "softplus", "erf", "gelu"), 1),
    **dict.fromkeys(("sin", "cos", "tan", "asin", "acos", "atan"), 1),
    **dict.fromkeys(("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"), 1),
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne"), 2),
    **dict.fromkeys(("and", "or", "xor"), 2),
    **dict.fromkeys(("bitand", "bitor", "bitxor", "shl", "shr"), 2),
    **dict.fromkeys(("not", "bitnot", "isnan", "isinf"), 1),
    "select": 3,  # select(condition, if_true, if_false)
    "cast": 1,
    "scale_fixed": 3,  # of int32: scale_fixed(x, multiplier, shift) is x * multiplier * 2^(shift - 31), see pith.graph.fixed
    "scale_wide": 3,  # of an int64 and two int32: the same with a multiplier of 15 bits, rounded once
    "sat_cast": 1,  # to a small float, saturating; to an integer, clamped to its range after round-half-even
}
_TO_BOOL = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "xor", "not", "isnan", "isinf"})


_SHOWN = 200  # characters of an expression in messages and comments


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Expr:
    """One node of a scalar expression; build it with `arg`, `const`, `call` and the operators.

    Subtrees may be shared (x * x): everything here takes time linear in the number of nodes, however large the tree they
    stand for. Expressions are equal when their trees are, 0.0 and -0.0 apart.
    """

    op: str
    dtype: DType
    args: tuple[Expr, ...] = ()
    value: float | int | bool = 0  # of a constant; the index of an argument
    digest: bytes = field(default=b"", init=False)  # stands for the whole tree

    def __post_init__(self) -> None:
        value = self.value.hex() if isinstance(self.value, float) else repr(self.value)
        own = f"{self.op} {self.dtype.value} {value} ".encode()
        object.__setattr__(self, "digest", hashlib.sha256(own + b"".join(a.digest for a in self.args)).digest())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expr) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __add__(self, other: Expr | float) -> Expr:
        return call("add", self, other)

    def __radd__(self, other: float) -> Expr:
        return call("add", const(other, self.dtype), self)

    def __sub__(self, other: Expr | float) -> Expr:
        return call("sub", self, other)

    def __rsub__(self, other: float) -> Expr:
        return call("sub", const(other, self.dtype), self)

    def __mul__(self, other: Expr | float) -> Expr:
        return call("mul", self, other)

    def __rmul__(self, other: float) -> Expr:
        return call("mul", const(other, self.dtype), self)

    def __truediv__(self, other: Expr | float) -> Expr:
        return call("div", self, other)

    def __rtruediv__(self, other: float) -> Expr:
        return call("div", const(other, self.dtype), self)

    def __neg__(self) -> Expr:
        return call("neg", self)

    def __lt__(self, other: Expr | float) -> Expr:
        return call("lt", self, other)

    def __le__(self, other: Expr | float) -> Expr:
        return call("le", self, other)

    def __gt__(self, other: Expr | float) -> Expr:
        return call("gt", self, other)

    def __ge__(self, other: Expr | float) -> Expr:
        return call("ge", self, other)

    def walk(self) -> Iterator[Expr]:
        """Every node, arguments first (shared subtrees are visited once)."""
        seen: set[int] = set()
        stack: list[tuple[Expr, bool]] = [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                yield node
            elif id(node) not in seen:
                seen.add(id(node))
                stack.append((node, True))
                stack.extend((a, False) for a in reversed(node.args))

    def size(self) -> int:
        """Number of function nodes."""
        return sum(1 for n in self.walk() if n.args)

    def __str__(self) -> str:
        """The expression for people, cut after _SHOWN characters."""
        text = ""
        todo: list[Expr | str] = [self]
        while todo and len(text) <= _SHOWN:
            part = todo.pop()
            if isinstance(part, str):
                text += part
            elif part.op == "arg":
                text += f"x{part.value}"
            elif part.op == "const":
                text += f"{part.value:g}" if isinstance(part.value, float) else str(part.value)
            else:
                text += f"{part.op}<{part.dtype.short}>(" if part.op in ("cast", "sat_cast") else f"{part.op}("
                todo.append(")")
                for k, a in enumerate(reversed(part.args)):
                    todo += [", ", a] if k else [a]
        return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."

    def __repr__(self) -> str:
        return f"<Expr {self}>"


def arg(index: int, dtype: DType) -> Expr:
    """The element of operand `index`. Small floats are widened to float32 on load, so pass `dtype.compute`."""
    return Expr("arg", dtype, (), index)


def const(value: float | int | bool, dtype: DType) -> Expr:
    """A constant of type `dtype`; floats are rounded to it."""
    if dtype is DType.BOOL:
        return Expr("const", dtype, (), bool(value))
    if dtype.is_float:
        return Expr("const", dtype, (), float(dtype.np.type(value)))
    return Expr("const", dtype, (), int(value))


def call(op: str, *args: Expr | float | int | bool) -> Expr:
    """Apply scalar function `op`; Python numbers take the type of the first Expr argument."""
    like = next(a.dtype for a in reversed(args) if isinstance(a, Expr))
    exprs = tuple(a if isinstance(a, Expr) else const(a, like) for a in args)
    if FUNCTIONS[op] != len(exprs):
        raise ValueError(f"{op} takes {FUNCTIONS[op]} arguments")
    kind = DType.BOOL if op in _TO_BOOL else exprs[-1].dtype if op == "select" else exprs[0].dtype
    return Expr(op, kind, exprs)


def cast(x: Expr, dtype: DType, *, saturate: bool = False) -> Expr:
    """Convert to `dtype`; `saturate` clamps to the range (after round-half-to-even for integers)."""
    return x if x.dtype is dtype else Expr("sat_cast" if saturate else "cast", dtype, (x,))


def select(cond: Expr, a: Expr | float, b: Expr | float) -> Expr:
    """`a` where cond holds, else `b`."""
    like = next(v.dtype for v in (a, b) if isinstance(v, Expr))
    wrap = tuple(v if isinstance(v, Expr) else const(v, like) for v in (a, b))
    return Expr("select", like, (cond, *wrap))


def clamp(x: Expr, lo: float | None, hi: float | None) -> Expr:
    """min(max(x, lo), hi), either bound optional."""
    if lo is not None:
        x = call("max", x, lo)
    return x if hi is None else call("min", x, hi)


def substitute(expr: Expr, args: Sequence[Expr]) -> Expr:
    """Replace every `arg(i)` of `expr` by `args[i]`; subtrees shared inside `expr` stay shared."""
    memo: dict[int, Expr] = {}
    for node in expr.walk():
        if node.op == "arg":
            memo[id(node)] = args[int(node.value)]
        elif node.args:
            new = tuple(memo[id(a)] for a in node.args)
            memo[id(node)] = Expr(node.op, node.dtype, new, node.value)
        else:
            memo[id(node)] = node
    return memo[id(expr)]


def used_args(expr: Expr) -> list[int]:
    """Sorted indices of the operands that the expression reads."""
    return sorted({int(n.value) for n in expr.walk() if n.op == "arg"})


def evaluate(expr: Expr, args: Sequence[np.ndarray]) -> np.ndarray:
    """Evaluate with NumPy over broadcastable arrays (used to fold constants and as the reference of fused nodes)."""
    from pith.graph.expr_numpy import apply  # split for size; same room

    memo: dict[int, np.ndarray] = {}
    for node in expr.walk():
        if node.op == "arg":
            memo[id(node)] = np.asarray(args[int(node.value)]).astype(node.dtype.np, copy=False)
        elif node.op == "const":
            memo[id(node)] = np.asarray(node.value, dtype=node.dtype.np)
        else:
            memo[id(node)] = apply(node.op, node.dtype, [memo[id(a)] for a in node.args])
    return memo[id(expr)]

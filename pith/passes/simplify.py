"""Local clean-up: no-ops vanish, reshapes and transposes merge, equal nodes become one."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from pith.graph import DType, Expr, Graph, Node, ShapeError
from pith.ops.base import OPS, Elementwise, broadcast_shapes
from pith.passes.rewrite import Rewrite, same_order, scalar_of

Rule = Callable[[Rewrite, Node], str | None]
_SHARED_BYTES = 1 << 20  # constants up to this size are compared by content


def _reshape(walk: Rewrite, node: Node) -> str | None:
    source, shape = node.inputs[0], tuple(node.attrs["shape"])
    maker = walk.made.get(source)
    if maker is not None and maker.op == "reshape":
        walk.changed += 1
        source = node.inputs[0] = maker.inputs[0]
    return source if walk.type(source).shape == shape else None


def _transpose(walk: Rewrite, node: Node) -> str | None:
    maker = walk.made.get(node.inputs[0])
    if maker is not None and maker.op == "transpose":
        walk.changed += 1
        node.inputs[0] = maker.inputs[0]
        node.attrs["perm"] = tuple(maker.attrs["perm"][p] for p in node.attrs["perm"])
    perm, source = tuple(node.attrs["perm"]), node.inputs[0]
    t = walk.type(source)
    if perm == tuple(range(len(perm))):
        return source
    if not same_order(t.shape, perm, range(len(perm))):
        return None
    node.op, node.attrs = "reshape", {"shape": tuple(t.shape[p] for p in perm)}
    return _reshape(walk, node)


def _neutral(value: float, *sides: int) -> Rule:
    """x op `value` is x, the constant standing on one of `sides`; in floats with the sign of a zero that `value` has."""

    def rule(walk: Rewrite, node: Node) -> str | None:
        for side in sides:
            other = node.inputs[1 - side]
            found = scalar_of(walk.graph, node.inputs[side])
            if found != value or walk.type(other) != walk.type(node.outputs[0]):
                continue
            if not walk.type(other).dtype.is_float or math.copysign(1.0, found) == math.copysign(1.0, value):
                return other
        return None

    return rule


def _same_type(walk: Rewrite, node: Node) -> str | None:
    """Operators that can only change the type of their first input: no-ops where they do not."""
    return node.inputs[0] if walk.type(node.inputs[0]) == walk.type(node.outputs[0]) else None


def _slice(walk: Rewrite, node: Node) -> str | None:
    maker = walk.made.get(node.inputs[0])
    if maker is not None and maker.op == "slice":
        walk.changed += 1
        inner, outer = maker.attrs, node.attrs
        node.inputs[0] = maker.inputs[0]
        triples = list(zip(inner["starts"], inner["steps"], outer["starts"], outer["steps"], strict=True))
        node.attrs = {
            "starts": tuple(a + b * c for a, b, c, _ in triples),
            "steps": tuple(b * d for _, b, _, d in triples),
            "shape": outer["shape"],
        }
    source = node.inputs[0]
    whole = walk.type(source).shape == tuple(node.attrs["shape"])
    forward = all(step == 1 or n <= 1 for step, n in zip(node.attrs["steps"], node.attrs["shape"], strict=True))
    return source if whole and forward else None


def _concat(walk: Rewrite, node: Node) -> str | None:
    axis = node.attrs["axis"]
    parts = [i for i in node.inputs if walk.type(i).shape[axis]]
    if parts and len(parts) < len(node.inputs):
        walk.changed += 1
        node.inputs = parts
    return node.inputs[0] if len(node.inputs) == 1 else None


def _pool(walk: Rewrite, node: Node) -> str | None:
    a = node.attrs
    one = all(k == 1 for k in (*a["kernel_shape"], *(a.get("strides") or ())))
    return node.inputs[0] if one and not any(a.get("pads") or ()) and not any(node.outputs[1:]) else None


def _reduce(walk: Rewrite, node: Node) -> str | None:
    """Over axes of size 1 most reductions only re-address."""
    shape = walk.type(node.inputs[0]).shape
    if node.attrs["kind"] not in ("sum", "mean", "max", "min", "prod") or any(shape[a] != 1 for a in node.attrs["axes"]):
        return None
    node.op, node.attrs = "reshape", {"shape": walk.type(node.outputs[0]).shape}
    return _reshape(walk, node)


def _resize(walk: Rewrite, node: Node) -> str | None:
    still = all(s == 1 for s in node.attrs["scales"]) and node.attrs["coordinate_mode"] != "tf_crop_and_resize"
    return _same_type(walk, node) if still else None


def _clip(walk: Rewrite, node: Node) -> str | None:
    return node.inputs[0] if node.attrs["min"] is None and node.attrs["max"] is None else None


def _expand(walk: Rewrite, node: Node) -> str | None:
    maker = walk.made.get(node.inputs[0])
    if maker is not None and maker.op == "expand":
        walk.changed += 1
        node.inputs[0] = maker.inputs[0]
    return _same_type(walk, node)


RULES: dict[str, Rule] = {
    "reshape": _reshape,
    "transpose": _transpose,
    "slice": _slice,
    "concat": _concat,
    "add": _neutral(-0.0, 0, 1),  # -0 + 0 is 0, but -0 + -0 is -0
    "sub": _neutral(0, 1),
    "mul": _neutral(1, 0, 1),
    "div": _neutral(1, 1),
    "pow": _neutral(1, 1),
    "cast": _same_type,
    "bit_cast": _same_type,
    "expand": _expand,
    "pad": _same_type,
    "max_pool": _pool,
    "average_pool": _pool,
    "reduce": _reduce,
    "resize": _resize,
    "clip": _clip,
}


def _unexpand(walk: Rewrite, node: Node) -> None:
    """Elementwise operators broadcast by themselves: read what was expanded where the result keeps its shape."""
    for k, value in enumerate(node.inputs):
        maker = walk.made.get(value)
        if maker is None or maker.op != "expand":
            continue
        source = maker.inputs[0]
        shapes = [walk.type(source if j == k else i).shape for j, i in enumerate(node.inputs) if i]
        try:
            same = broadcast_shapes(*shapes) == walk.type(node.outputs[0]).shape
        except ShapeError:
            continue
        if same:
            walk.changed += 1
            node.inputs[k] = source


def attr_key(value: Any) -> Hashable:
    """A hashable image of an attribute: equal for equal meanings, different for 0.0 and -0.0."""
    if isinstance(value, float):
        return "float", value.hex() if math.isfinite(value) else str(value)
    if isinstance(value, (tuple, list)):
        return tuple(attr_key(v) for v in value)
    if isinstance(value, np.ndarray):
        return "array", value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, Expr):
        return value.digest
    return value if isinstance(value, (str, DType, int, type(None))) else repr(value)


def _share_constants(walk: Rewrite) -> None:
    """Let equal constants go by one name, so that equal nodes look equal."""
    first: dict[Hashable, str] = {}
    for name, array in walk.graph.constants.items():
        if array.nbytes <= _SHARED_BYTES and name not in walk.outputs:
            key = array.dtype.str, array.dtype.name, array.shape, hashlib.sha256(array.tobytes()).digest()
            kept = first.setdefault(key, name)
            if kept != name:
                walk.replace(name, kept)


def _shares(walk: Rewrite, node: Node, kept: Node) -> bool:
    """Let the readers of `node` read the equal node `kept`; not where both feed graph outputs under their names."""
    pairs = list(zip(node.outputs, kept.outputs, strict=False))
    if len(node.outputs) != len(kept.outputs) or any(bool(a) != bool(b) or (a in walk.outputs and b in walk.outputs) for a, b in pairs):
        return False
    for a, b in pairs:
        if a:
            walk.replace(a, b)
    return True


def run(graph: Graph) -> int:
    """One walk; returns the number of changes."""
    walk = Rewrite(graph)
    _share_constants(walk)
    seen: dict[Hashable, Node] = {}
    for node in graph.nodes:
        walk.resolve(node)
        rule = RULES.get(node.op)
        found = rule(walk, node) if rule is not None else None
        if found is not None and not _names_output(walk, node, found):
            walk.replace(node.outputs[0], found)
            continue
        if isinstance(OPS[node.op], Elementwise):
            _unexpand(walk, node)
        attrs = tuple((k, attr_key(v)) for k, v in sorted(node.attrs.items()))
        key = node.op, tuple(node.inputs), attrs
        kept = seen.setdefault(key, node)
        if kept is node or not _shares(walk, node, kept):
            walk.keep(node)
    return walk.finish()


def _names_output(walk: Rewrite, node: Node, found: str) -> bool:
    """Whether the no-op only gives a graph input, a constant or another output the name of a graph output."""
    if node.outputs[0] not in walk.outputs or node.op != "reshape":
        return False
    return found in walk.outputs or (walk.made.get(found) is None and found not in walk.graph.constants)


"""Remove what does nothing, merge what follows itself, and share what is computed twice."""

from __future__ import annotations

from typing import Any

import numpy as np

from pith.graph import Graph, Node


def run(graph: Graph) -> int:
    """One sweep in topological order; returns the number of nodes removed or replaced."""
    changed = 0
    rename: dict[str, str] = {}
    producers: dict[str, Node] = {}
    seen: dict[Any, Node] = {}
    constants: dict[Any, str] = {}
    kept: list[Node] = []
    outputs = set(graph.outputs)

    def final(v: str) -> str:
        while v in rename:
            v = rename[v]
        return v

    for name, array in list(graph.constants.items()):
        if array.nbytes <= 4096:
            key = (array.dtype.str, str(array.dtype), array.shape, array.tobytes())
            if key in constants and name not in outputs:
                rename[name] = constants[key]
            else:
                constants.setdefault(key, name)
    for node in graph.nodes:
        node.inputs = [final(i) if i else "" for i in node.inputs]
        same = _noop(graph, node)
        if same is not None and not (node.outputs[0] in outputs and same in outputs):
            if node.outputs[0] in outputs:
                if same not in producers or same in graph.inputs:
                    kept.append(node)  # a graph output must be made by a node
                    producers[node.outputs[0]] = node
                    continue
            rename[node.outputs[0]] = same
            changed += 1
            continue
        changed += _merge(graph, node, producers)
        key = _key(node)
        if key is not None and key in seen and not any(o in outputs for o in node.outputs):
            rename.update(zip(node.outputs, seen[key].outputs, strict=True))
            changed += 1
            continue
        if key is not None:
            seen.setdefault(key, node)
        kept.append(node)
        producers.update(dict.fromkeys((o for o in node.outputs if o), node))
    graph.nodes = kept
    final_outputs = [final(o) for o in graph.outputs]
    if final_outputs != graph.outputs:
        _restore_output_names(graph, final_outputs)
    graph.drop_unused()
    return changed


def _restore_output_names(graph: Graph, final: list[str]) -> None:
    """Outputs keep their names: the value that took an output's place is renamed to it."""
    swap = {new: old for old, new in zip(graph.outputs, final, strict=True) if old != new}
    for node in graph.nodes:
        node.inputs = [swap.get(i, i) for i in node.inputs]
        node.outputs = [swap.get(o, o) for o in node.outputs]
    for new, old in swap.items():
        graph.types[old] = graph.types[new]


def _key(node: Node) -> Any:
    try:
        attrs = tuple(sorted((k, repr(v)) for k, v in node.attrs.items()))
    except TypeError:
        return None
    if any(isinstance(v, np.ndarray) for v in node.attrs.values()):
        return None
    return node.op, tuple(node.inputs), attrs, tuple(bool(o) for o in node.outputs)


def _scalar(graph: Graph, value: str) -> float | None:
    """The value of a constant whose elements are all equal and which does not widen what it meets."""
    array = graph.const(value)
    if array is None or array.size == 0 or array.dtype.kind not in "fiu":
        return None
    first = array.reshape(-1)[0]
    return float(first) if array.size == 1 or bool((array == first).all()) else None


def _noop(graph: Graph, node: Node) -> str | None:
    """The input that equals output 0, None when the node does something."""
    if not node.inputs or not node.inputs[0] or len([o for o in node.outputs if o]) != 1:
        return None
    x, t, out = node.inputs[0], graph.types[node.inputs[0]], graph.types[node.outputs[0]]
    a, op = node.attrs, node.op
    if op in ("add", "sub", "mul", "div"):
        neutral = 0.0 if op in ("add", "sub") else 1.0
        for keep, other in ((0, 1), (1, 0)) if op in ("add", "mul") else ((0, 1),):
            if _scalar(graph, node.inputs[other]) == neutral and graph.types[node.inputs[keep]] == out:
                return node.inputs[keep]
        return None
    if t.dtype is not out.dtype or t.shape != out.shape:
        return None
    if op in ("reshape", "expand", "cast", "cast_like"):
        return x
    if op == "transpose" and tuple(a["perm"]) == tuple(range(len(t.shape))):
        return x
    if op == "slice" and not any(a["starts"]) and all(s == 1 for s in a["steps"]):
        return x
    if op == "concat" and len(node.inputs) == 1:
        return x
    if op == "pad" and not any(a["pads"]):
        return x
    return None


def _merge(graph: Graph, node: Node, producers: dict[str, Node]) -> int:
    """Fold a reshape or transpose into the one before it; a transpose that moves only 1-sized axes is a reshape."""
    if node.op not in ("reshape", "transpose"):
        return 0
    before = producers.get(node.inputs[0])
    if node.op == "reshape":
        if before is not None and before.op == "reshape":
            node.inputs[0] = before.inputs[0]
            return 1
        return 0
    shape, perm = graph.types[node.inputs[0]].shape, tuple(node.attrs["perm"])
    moved = [p for p in perm if shape[p] != 1]
    if moved == sorted(moved):
        node.op, node.attrs = "reshape", {"shape": graph.types[node.outputs[0]].shape}
        return 1
    if before is not None and before.op == "transpose":
        inner = before.attrs["perm"]
        node.inputs[0], node.attrs = before.inputs[0], {"perm": tuple(inner[p] for p in perm)}
        return 1
    return 0



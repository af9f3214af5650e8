"""A zero border in front of a convolution or pool becomes padding of that operator."""

from __future__ import annotations

from pith.graph import Graph, Node
from pith.passes.rewrite import Rewrite, use_counts

# operators whose floating-point results are never negative: a border of zeros cannot win against them in a max_pool
_NOT_NEGATIVE = ("relu", "sigmoid", "abs", "hard_sigmoid", "exp", "sqrt", "softplus")


def _never_negative(walk: Rewrite, value: str) -> bool:
    """Whether the maker of `value` rules numbers below zero out (integers wrap: the abs of the lowest is negative)."""
    maker = walk.made.get(value)
    if maker is None or not walk.type(value).dtype.is_float:
        return False
    if maker.op == "clip":  # the upper bound is applied last
        low, high = maker.attrs["min"], maker.attrs["max"]
        return low is not None and low >= 0 and (high is None or high >= 0)
    return maker.op in _NOT_NEGATIVE


def _spatial(pads: tuple[int, ...], layout: str) -> tuple[int, ...] | None:
    """The begins and ends of the spatial axes, None when others are padded too."""
    rank = len(pads) // 2
    first = 1 if layout == "channels_last" else 2
    axes = range(first, first + rank - 2)
    if any(pads[a] or pads[a + rank] for a in range(rank) if a not in axes):
        return None
    return tuple(pads[a] for a in axes) + tuple(pads[a + rank] for a in axes)


def _fits_pool(walk: Rewrite, node: Node, source: str, value: float, total: tuple[int, ...]) -> bool:
    """Whether the pool may see the border as its own padding; every window keeps at least one real cell."""
    a = node.attrs
    kernel = tuple(a["kernel_shape"]) * 2
    if any(a.get("ceil_pads") or ()) or any(d != 1 for d in a.get("dilations") or ()) or any(p >= k for p, k in zip(total, kernel, strict=True)):
        return False
    if node.op == "average_pool":
        return value == 0 and (bool(a.get("count_include_pad", False)) or not any(a.get("pads") or ()))
    return value == float("-inf") or (value == 0 and _never_negative(walk, source) and not any(node.outputs[1:]))


def _fold(walk: Rewrite, node: Node, uses: dict[str, int]) -> bool:
    pad = walk.made.get(node.inputs[0])
    if pad is None or pad.op != "pad" or pad.attrs["mode"] != "constant" or len(pad.inputs) != 1 or uses.get(node.inputs[0], 0) != 1:
        return False
    extra = _spatial(tuple(pad.attrs["pads"]), node.attrs.get("layout", "channels_first"))
    if extra is None:
        return False
    own = tuple(node.attrs.get("pads") or (0,) * len(extra))
    total = tuple(p + q for p, q in zip(own, extra, strict=True))
    if node.op in ("conv", "conv_integer"):
        if pad.attrs["value"] != node.attrs.get("zero", 0):
            return False
    elif not _fits_pool(walk, node, pad.inputs[0], float(pad.attrs["value"]), total):
        return False
    node.attrs["pads"] = total
    if node.op == "average_pool":
        node.attrs["count_include_pad"] = True
    node.inputs[0] = pad.inputs[0]
    node.origin = tuple(dict.fromkeys((*pad.origin, *node.origin)))
    return True


def run(graph: Graph) -> int:
    """Returns the number of pads folded."""
    walk = Rewrite(graph)
    uses = use_counts(graph)
    for node in graph.nodes:
        walk.resolve(node)
        if node.op in ("conv", "conv_integer", "max_pool", "average_pool") and _fold(walk, node, uses):
            walk.changed += 1
        walk.keep(node)
    return walk.finish()

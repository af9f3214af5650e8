"""A convolution over interleaved slices of a picture (a "focus" layer) is a larger convolution of the picture itself.

concat of x[:, :, a::s, b::s] over all (a, b), then k x k with stride t and padding p, equals one convolution of x with
kernel k s, stride t s and padding p s: the same products, with nothing copied.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pith.graph import Graph, Node
from pith.passes.rewrite import Rewrite, merge_origin, use_counts


@dataclass(frozen=True, slots=True)
class _Interleave:
    """The picture, the step along each spatial axis, and where each part of the concat starts."""

    x: str
    steps: tuple[int, ...]
    starts: tuple[tuple[int, ...], ...]
    nodes: tuple[Node, ...]


def _interleave(walk: Rewrite, concat: Node) -> _Interleave | None:
    """What `concat` joins, when its parts are all the interleaved slices of one picture."""
    if concat.op != "concat" or concat.attrs["axis"] != 1 or len(concat.inputs) < 4:
        return None
    slices = [walk.made.get(i) for i in concat.inputs]
    first = slices[0]
    if first is None or first.op != "slice":
        return None
    x, steps = first.inputs[0], tuple(first.attrs["steps"])
    shape = walk.type(x).shape
    if any(s < 1 for s in steps) or steps[:2] != (1, 1) or len(concat.inputs) != math.prod(steps):
        return None
    parts = tuple(d // s for d, s in zip(shape, steps, strict=True))
    if any(d % s for d, s in zip(shape, steps, strict=True)):
        return None
    starts = []
    for node in slices:
        if node is None or node.op != "slice" or node.inputs[0] != x:
            return None
        begin = tuple(node.attrs["starts"])
        if tuple(node.attrs["steps"]) != steps or tuple(node.attrs["shape"]) != parts or any(b >= s for b, s in zip(begin, steps, strict=True)):
            return None
        starts.append(begin[2:])
    if len(set(starts)) != len(starts):
        return None
    return _Interleave(x, steps[2:], tuple(starts), (*(n for n in slices if n is not None), concat))


def _fold(walk: Rewrite, conv: Node, uses: dict[str, int]) -> bool:
    weights, concat = walk.graph.constants.get(conv.inputs[1]), walk.made.get(conv.inputs[0])
    a = conv.attrs
    plain = a["group"] == 1 and all(d == 1 for d in a["dilations"]) and a["layout"] == "channels_first" and not conv.inputs[3:]
    if weights is None or concat is None or not plain or uses.get(conv.inputs[0]) != 1:
        return False
    found = _interleave(walk, concat)
    if found is None:
        return False
    channels = walk.type(found.x).shape[1]
    rank = len(found.steps)
    kernel = weights.shape[2:]
    wide = np.zeros((weights.shape[0], channels, *(k * s for k, s in zip(kernel, found.steps, strict=True))), weights.dtype)
    for part, starts in enumerate(found.starts):
        taps = tuple(slice(b, None, s) for b, s in zip(starts, found.steps, strict=True))
        wide[(slice(None), slice(None), *taps)] = weights[:, part * channels : (part + 1) * channels]
    conv.inputs[:2] = [found.x, walk.graph.add_constant(wide, f"{conv.name or 'conv'}.weights")]
    conv.attrs = {
        **a,
        "strides": tuple(t * s for t, s in zip(a["strides"], found.steps, strict=True)),
        "pads": tuple(p * found.steps[k % rank] for k, p in enumerate(a["pads"])),
    }
    conv.origin = merge_origin([*found.nodes, conv])
    return True


def run(graph: Graph) -> int:
    """Returns how many convolutions were rewritten."""
    walk = Rewrite(graph)
    uses = use_counts(graph)
    for node in graph.nodes:
        walk.resolve(node)
        if node.op == "conv" and _fold(walk, node, uses):
            walk.changed += 1
        walk.keep(node)
    return walk.finish()

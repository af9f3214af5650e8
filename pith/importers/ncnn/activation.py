"""Activations fused into the layer before them."""

from __future__ import annotations

from pith.importers.layers.simple import clip, hard_swish, leaky
from pith.importers.ncnn.layer import NcnnLayer


def activated(n: NcnnLayer, y: str, kind_at: int, values_at: int) -> str:
    """`y` through the activation that parameter `kind_at` names, with the numbers of parameter `values_at`."""
    kind, values = n.whole(kind_at), n.floats(values_at)
    needs = {2: 1, 3: 2, 6: 2}.get(kind, 0)
    if len(values) < needs:
        raise n.invalid(f"activation {kind} needs {needs} numbers, {len(values)} are given")
    if kind == 0:
        return y
    if kind == 1:
        return n.emit("relu", [y])
    if kind == 2:
        return leaky(n, y, values[0])
    if kind == 3:
        return clip(n, y, values[0], values[1])
    if kind == 4:
        return n.emit("sigmoid", [y])
    if kind == 5:
        return n.emit("mish", [y])
    if kind == 6:
        return hard_swish(n, y, values[0], values[1])
    raise n.unsupported(f"a fused activation of type {kind}")

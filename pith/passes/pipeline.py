"""The passes in order."""

from __future__ import annotations

import time
from collections.abc import Callable

from pith.graph import Graph
from pith.ops.base import load_all
from pith.passes import (
    decompose,
    flush_denormals,
    fold_affine,
    fold_constants,
    fold_pad,
    fold_space_to_depth,
    fuse_attention,
    fuse_blocks,
    fuse_elementwise,
    fuse_epilogue,
    integer_norms,
    integers,
    layout,
    lookups,
    move_quantisation,
    ranges,
    recognize,
    recognize_norm,
    simplify,
    sink_reshape,
    widen,
)

Report = list[tuple[str, int, int, float]]

Passes = tuple[tuple[str, Callable[[Graph], int]], ...]

# What is quantised becomes integer arithmetic, before anything could take scales and zero points for plain factors.
INTEGERS: Passes = (
    ("move quantisation", move_quantisation.run),
    ("integers", integers.run),
    ("integer norms", integer_norms.run),
)
# Channels first, one operator a layer, batch norms folded: the form that quantisation works on.
FRONT: Passes = (
    ("fold constants", fold_constants.run),
    ("simplify", simplify.run),
    ("decompose", decompose.run),
    ("recognize", recognize.run),
    ("recognize norms", recognize_norm.run),
    ("fold pad", fold_pad.run),
    ("fold affine", fold_affine.run),
    ("fold space to depth", fold_space_to_depth.run),
    ("widen", widen.run),
    ("sink reshape", sink_reshape.run),
    ("fold constants", fold_constants.run),
    ("simplify", simplify.run),
    ("flush denormals", flush_denormals.run),
)
LAYOUT: Passes = (
    ("layout", layout.run),
    ("recognize norms", recognize_norm.run),
    ("sink reshape", sink_reshape.run),
    ("simplify", simplify.run),
)
# Between the two, accelerators claim what they compute (`pith.accelerators`): channels last, and nothing fused yet.
FUSION: Passes = (
    ("fuse attention", fuse_attention.run),
    ("move quantisation", move_quantisation.run),
    ("integer norms", integer_norms.run),
    ("split dequantisation", lookups.split),
    ("fuse epilogue", fuse_epilogue.run),
    ("fuse blocks", fuse_blocks.run),
    ("fuse elementwise", fuse_elementwise.run),
    ("lookups", lookups.run),
    ("ranges", ranges.run),
)
BACK: Passes = LAYOUT + FUSION
PASSES: Passes = INTEGERS + FRONT + BACK


def optimize(graph: Graph, *, report: Report | None = None, passes: Passes = PASSES) -> Graph:
    """Run `passes` on `graph` (changed in place) and return it.

    report: gets (pass, nodes before, nodes after, milliseconds) of each.
    """
    load_all()
    graph.drop_unused()
    for name, run in passes:
        before, t = len(graph.nodes), time.perf_counter()
        run(graph)
        if report is not None:
            report.append((name, before, len(graph.nodes), (time.perf_counter() - t) * 1e3))
    graph.validate()
    return graph

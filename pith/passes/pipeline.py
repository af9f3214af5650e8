"""The passes in order."""

from __future__ import annotations

import time
from collections.abc import Callable

from pith.graph import Graph
from pith.ops.base import load_all
from pith.passes import decompose, fold_affine, fold_constants, fuse_elementwise, fuse_epilogue, layout, simplify, widen

Report = list[tuple[str, int, int, float]]

PASSES: tuple[tuple[str, Callable[[Graph], int]], ...] = (
    ("fold constants", fold_constants.run),
    ("decompose", decompose.run),
    ("simplify", simplify.run),
    ("fold affine", fold_affine.run),
    ("widen", widen.run),
    ("fold constants", fold_constants.run),
    ("layout", layout.run),
    ("simplify", simplify.run),
    ("fuse epilogue", fuse_epilogue.run),
    ("fuse elementwise", fuse_elementwise.run),
    ("fold constants", fold_constants.run),
    ("simplify", simplify.run),
)


def optimize(graph: Graph, *, report: Report | None = None) -> Graph:
    """Run every pass on `graph` (changed in place) and return it.

    report: gets (pass, nodes before, nodes after, milliseconds) of each.
    """
    load_all()
    graph.drop_unused()
    for name, run in PASSES:
        before, t = len(graph.nodes), time.perf_counter()
        run(graph)
        if report is not None:
            report.append((name, before, len(graph.nodes), (time.perf_counter() - t) * 1e3))
    graph.validate()
    return graph

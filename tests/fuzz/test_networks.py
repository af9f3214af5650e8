"""Random networks, whole: the generated C of each, with and without the passes, against the reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pith.api import compile_graph
from pith.graph import Graph
from pith.ops.interpret import run_reference
from tests.passes.helpers import feeds
from tests.passes.random_graphs import random_graphs

QUIET = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40], np.float32)


def differences(graph: Graph, feed: dict[str, np.ndarray], target: str, optimize: bool) -> list[str]:
    """Outputs that differ by more than 1e-4 of their range, or in where they are no finite numbers."""
    with np.errstate(all="ignore"):
        want = run_reference(graph, feed)
    got = compile_graph(graph.copy(), target, optimize=optimize, opt="-O1")(*(feed[i] for i in graph.inputs))
    found = []
    for name, w, g in zip(graph.outputs, want, got if isinstance(got, tuple) else (got,), strict=True):
        assert w.shape == g.shape and w.dtype == g.dtype, name
        finite = np.isfinite(w)
        scale = max(1.0, float(np.abs(w[finite]).max(initial=0)))
        same = (np.isnan(w) == np.isnan(g)).all() and (w == g)[np.isinf(w)].all()
        if not same or np.abs(w[finite] - g[finite]).max(initial=0) > 1e-4 * scale:
            found.append(name)
    return found


@pytest.mark.parametrize("target", ["c99", "host"])
@QUIET
@given(graph=random_graphs(), optimize=st.booleans())
def test_networks(target: str, graph: Graph, optimize: bool) -> None:
    assert not differences(graph, feeds(graph), target, optimize)


@QUIET
@given(graph=random_graphs(), data=st.data())
def test_numbers_that_are_none_spread_alike(graph: Graph, data: st.DataObject) -> None:
    """Without the passes, which may remove an overflow on the way: special values come out where the reference has them."""
    feed = feeds(graph)
    name = data.draw(st.sampled_from(sorted(feed)))
    flat = feed[name].reshape(-1)
    for k in data.draw(st.lists(st.integers(0, flat.size - 1), min_size=1, max_size=3)):
        flat[k] = data.draw(st.sampled_from(SPECIAL.tolist()))
    assert not differences(graph, feed, "host", optimize=False)

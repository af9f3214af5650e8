"""What is said of the work that is done only grows."""

from __future__ import annotations

import itertools

import pytest

from pith.quant.calibration import open_samples, ports_of
from pith.quant.flow import quantize_graph
from pith.quant.mixed import quantize_to
from pith.quant.options import Options
from tests.quantize.nets import Interpreted, pictures, small_net


def _grows(told: list[tuple[str, float]]) -> None:
    shares = [done for _, done in told]
    assert shares == sorted(shares), [(a, b) for a, b in itertools.pairwise(told) if b[1] < a[1]]
    assert shares[0] >= 0 and shares[-1] <= 1 + 1e-9


@pytest.mark.parametrize("options", [
    Options("minmax"), Options(weight_bits=4, float_outputs=True, by_results=True, wider=True),
    Options(weight_bits=4, float_outputs=True, best=True), Options(mode="released"),
])  # fmt: skip
def test_of_the_flow(options: Options) -> None:
    told: list[tuple[str, float]] = []
    quantize_graph(small_net(), open_samples(pictures(12), ports_of(small_net())), Interpreted, options, lambda what, done: told.append((what, done)))
    _grows(told)
    if options.wider or options.best:
        stages = [what for what, _ in told]
        assert "sensitivity" in stages and stages[-1] == "compare", "this network no longer has layers tried in floats"


def test_of_the_search_for_a_cosine() -> None:
    told: list[tuple[str, float]] = []
    net = small_net()
    samples, options = open_samples(pictures(12), ports_of(net)), Options(float_outputs=True)
    outcome, _ = quantize_to(0.999997, net, samples, Interpreted, options, lambda what, done: told.append((what, done)))
    _grows(told)
    assert outcome.plan.kept and any("in floats" in what for what, _ in told)

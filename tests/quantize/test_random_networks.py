"""Random networks, quantised: the C of every instruction set that runs here gives the reference's bits, and EasyQuant its word."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pith.api import compile_graph
from pith.graph import Graph
from pith.ops.interpret import run_reference
from pith.passes.pipeline import optimize
from pith.quant.calibration import open_samples, ports_of
from pith.quant.flow import quantize_graph
from pith.quant.options import METHODS, Options
from pith.targets.base import TARGETS, get_target
from pith.targets.base import load_all as load_targets
from tests.quantize.nets import Interpreted
from tests.quantize.random_networks import random_network, side_by_side

load_targets()
# every one: kernels for products of integers differ where floats do not
TARGET_NAMES = sorted(t for t in TARGETS if t != "host" and get_target(t).runs_here())
_MANY = settings().max_examples > 100  # the profile "explore": over a thousand layers a target
PATIENT = settings(max_examples=16 if _MANY else 1, deadline=None, suppress_health_check=list(HealthCheck))
_INTEGERS = ("conv_integer", "matmul_integer")


@lru_cache(maxsize=32)  # the targets look at the same ones
def quantised(seed: int) -> Graph:
    """A random network's integers, by a method and with bits that the seed decides."""
    rng = np.random.default_rng(seed)
    net = random_network(seed)
    shape = net.types[net.inputs[0]].shape
    data = rng.standard_normal((3, *shape[1:])).astype(np.float32) * 2
    bits = int(rng.choice([8, 8, 7]))
    options = Options(
        str(rng.choice([m for m in METHODS if m != "easyquant"])), 4 if rng.random() < 0.1 else bits, bits, bool(rng.random() < 0.3),
        rounding=bool(rng.random() < 0.3), bias=bool(rng.random() < 0.3),
    )  # fmt: skip
    return quantize_graph(net, open_samples(data, ports_of(net)), Interpreted, options).graph


@pytest.mark.parametrize("target", TARGET_NAMES)
@PATIENT
@given(first=st.integers(0, 2**31))
def test_the_same_bits_on_every_instruction_set(target: str, first: int) -> None:
    whole = side_by_side([quantised(first + k) for k in range(12)])
    optimised = optimize(whole.copy())
    assert not [n for n in optimised.nodes if n.op in ("conv", "matmul", "conv_chain")]
    assert sum(n.op in _INTEGERS for n in optimised.nodes) > 40
    rng = np.random.default_rng(first)
    feed = {i: rng.standard_normal(whole.types[i].shape).astype(np.float32) * 2 for i in whole.inputs}
    want = run_reference(optimised, feed)
    session = compile_graph(whole.copy(), target, opt="-O1")
    try:
        found = session.run(feed)
    finally:
        session.close()
    for name, y in zip(optimised.outputs, want, strict=True):
        assert found[name].tobytes() == y.tobytes(), f"{name} of the networks from {first} on {target}"


@settings(max_examples=40 if _MANY else 4, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**31), mode=st.sampled_from(["paper", "released"]), bits=st.sampled_from([8, 7, 4]), start=st.sampled_from(["", "kl", "mse"]))
def test_easyquant_is_never_worse_than_where_it_began(seed: int, mode: str, bits: int, start: str) -> None:
    """In the mean cosine of the layers' outputs, whatever the network, the form of the search and the ranges it begins with."""
    net = random_network(seed)
    data = np.random.default_rng(seed).standard_normal((4, *net.types[net.inputs[0]].shape[1:])).astype(np.float32)
    samples = open_samples(data, ports_of(net))
    searched = Options(mode=mode, weight_bits=bits, start=start, rounding=False, bias=False)
    begun = Options(searched.ranges, weight_bits=bits, rounding=False, bias=False)

    def mean_loss(options: Options) -> float:
        outcome = quantize_graph(net, samples, Interpreted, options)
        return float(np.mean([outcome.layers[layer.key].loss for layer in outcome.plan.layers]))

    before, after = mean_loss(begun), mean_loss(searched)
    assert np.isfinite(after) and after <= before * (1 + 1e-9)

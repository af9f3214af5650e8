"""Tuning: candidates are measured, checked and kept; the network stays the same function; a second time measures nothing."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import numpy as np
import pytest

import pith
from pith.api import generate, optimise
from pith.graph import DType, Graph, InputError, TensorType, UnsupportedError
from pith.kernels.base import OWN, Options, Schedule
from pith.kernels.choice import applicable, candidates, key
from pith.ops.base import add_node, load_all
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler
from pith.tune import tune as module
from pith.tune.measure import Contest, measure
from pith.tune.tune import decide, sites_of, tune

load_all()
HOST = get_target("host")


def network(size: int = 12, channels: int = 16) -> Graph:
    """Two 3x3 convolutions of one kind, a pointwise one and a product."""
    rng = np.random.default_rng(1)
    graph = Graph("net", inputs=["x"], types={"x": TensorType(DType.F32, (1, size, size, channels))})
    attrs = {"layout": "channels_last", "group": 1, "strides": (1, 1), "dilations": (1, 1), "pads": (1, 1, 1, 1)}
    y = "x"
    for taps in (3, 3, 1):
        w = graph.add_constant(rng.standard_normal((channels, channels, taps, taps)).astype(np.float32) / 8)
        y = add_node(graph, "conv", [y, w, ""], {**attrs, "pads": (taps // 2,) * 4})
    y = add_node(graph, "matmul", [y, graph.add_constant(rng.standard_normal((channels, 40)).astype(np.float32))], {})
    graph.outputs = [y]
    graph.validate()
    return graph


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PITH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_keys_tell_calls_apart_and_join_equal_ones() -> None:
    sites = sites_of([network()], HOST, Options())
    keys = [s.key for s in sites if s.asked.op == "conv"]
    assert keys[0] == keys[1] != keys[2]
    other = [s.key for s in sites_of([network(14)], HOST, Options()) if s.asked.op == "conv"]
    assert not set(keys) & set(other)
    assert keys != [s.key for s in sites_of([network()], HOST, Options(threads=2)) if s.asked.op == "conv"]
    assert keys == [s.key for s in sites_of([network()], HOST, Options()) if s.asked.op == "conv"]


def test_the_first_candidate_is_the_predicted_choice() -> None:
    for site in sites_of([network()], HOST, Options()):
        found = candidates(site.final)
        assert found[0][0] is applicable(site.final)[0][1]
        assert len(set(found)) == len(found)


def test_every_schedule_gives_the_result_of_the_default_and_other_code_or_numbers() -> None:
    """Also the candidates that are never chosen: each is a library function that ran."""
    sites = {s.key: s for s in sites_of([network()], HOST, Options())}
    contests = [Contest(s.final, s.cost, candidates(s.final)) for s in sites.values()]
    assert max(len(c.candidates) for c in contests) > 1
    measure(contests, HOST, find_compiler(), "-O1", seconds=0.1, rounds=3)
    for c in contests:
        assert len(c.seconds) == len(c.errors) == len(c.candidates) and all(s > 0 for s in c.seconds)
        assert c.sound == list(range(len(c.candidates))), c.errors


def test_a_candidate_whose_result_differs_is_never_chosen() -> None:
    c = Contest(mock.Mock(), mock.Mock(), [(mock.Mock(), OWN)] * 3, [3.0, 1.0, 2.0], [0.0, 0.5, 1e-5])
    assert c.best == 2


@pytest.mark.parametrize(("seconds", "winner"), [([1.0, 0.98], 0), ([1.0, 0.96], 1), ([1.0, 1.5], 0)])
def test_only_a_clear_win_changes_the_choice(seconds: list[float], winner: int) -> None:
    kernels = [mock.Mock(), mock.Mock()]
    for k, kernel in enumerate(kernels):
        kernel.name = f"kernel{k}"
    found = decide(Contest(mock.Mock(), mock.Mock(), [(k, OWN) for k in kernels], seconds, [0.0, 0.0]))
    assert found.kernel == f"kernel{winner}" and found.predicted == 1.0


def test_a_tuned_choice_is_taken_named_and_right(cache: Path) -> None:
    """A choice that no prediction would make: the last candidate of the first convolution."""
    graph = network()
    site = sites_of([graph], HOST, Options())[0]
    kernel, schedule = candidates(site.final)[-1]
    assert kernel is not applicable(site.final)[0][1]
    result = generate([graph], HOST, "net", options=Options(tuned={site.key: (kernel.name, schedule)}))
    steps = result.programs[0].steps
    assert [s.kernel for s in steps[:2]] == [kernel.name] * 2 and all(s.tuned for s in steps[:2]) and not steps[-1].tuned
    assert f"tuned: {schedule}" in steps[0].why
    assert {name for name, _ in steps[0].costs} >= {kernel.name, applicable(site.final)[0][1].name}


@pytest.mark.parametrize("choice", [("no such kernel", OWN), ("direct", Schedule.of(near=3)), ("direct", Schedule.of(sorcery=1))])
def test_a_choice_that_the_kernel_does_not_know_is_ignored(choice: tuple[str, Schedule]) -> None:
    graph = network()
    site = sites_of([graph], HOST, Options())[0]
    steps = generate([graph], HOST, "net", options=Options(tuned={site.key: choice})).programs[0].steps
    assert steps[0].kernel == applicable(site.final)[0][1].name and not steps[0].tuned


def test_tuned_networks_compute_the_same_and_are_measured_once(cache: Path) -> None:
    graph = network()
    x = np.random.default_rng(2).standard_normal((1, 12, 12, 16)).astype(np.float32)
    plain = pith.compile(graph, cache=False)(x)
    first = pith.compile(graph, tune=3, opt="-O1")
    np.testing.assert_allclose(first(x), plain, rtol=1e-3, atol=1e-3 * np.abs(plain).max())
    assert any(s["chosen"] == "tuned" for s in first.manifest["variants"][0]["steps"])
    assert len(list((cache / "tuned").iterdir())) == 1
    with mock.patch.object(module, "measure", side_effect=AssertionError("measured again")):
        again = pith.compile(graph, tune=3, opt="-O1")
    assert again.manifest["build"] == first.manifest["build"]


def test_threads_are_measured_with_their_pool(cache: Path) -> None:
    found = tune([optimise(network(24, 32))], HOST, Options(threads=2), seconds=2, opt="-O1")
    assert found.measured >= 2 and not found.known


def test_without_time_nothing_is_measured(cache: Path) -> None:
    found = tune([network()], HOST, Options(), seconds=0)
    assert not found.measured and found.left and not found.choices


def test_a_damaged_cache_is_measured_again(cache: Path) -> None:
    first = tune([network()], HOST, Options(), seconds=1, opt="-O1")
    (file,) = (cache / "tuned").iterdir()
    file.write_text(file.read_text()[:100])
    again = tune([network()], HOST, Options(), seconds=1, opt="-O1")
    assert again.measured == first.measured and not again.known


def test_a_target_that_does_not_run_here_is_refused(cache: Path) -> None:
    with mock.patch("pith.targets.base.missing", lambda needed: ["avx99"]), pytest.raises(UnsupportedError) as e:
        tune([network()], get_target("x86-64-v4"), Options(), seconds=1)
    assert "x86-64-v4" in e.value.what and "does not run here" in e.value.why and "--tune" in e.value.try_


@pytest.mark.parametrize("seconds", [-1, "30", None, True, float("nan"), float("inf"), 1e9])
def test_other_times_are_refused(seconds: object) -> None:
    with pytest.raises(InputError, match="seconds to tune"):
        pith.compile(network(), tune=seconds, cache=False)  # type: ignore[arg-type]


def test_the_key_holds_nothing_of_the_process() -> None:
    """No address and no order of a set in it: the same text in this process as in any other."""
    site = sites_of([network()], HOST, Options())[0]
    assert key(site.asked) == site.key and site.key.startswith("conv-")

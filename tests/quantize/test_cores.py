"""Several things at a time: the same results, to the bit, in the same order, and errors that come out."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import pith
from pith.api import compile_graph
from pith.exporters.onnx import to_onnx
from pith.graph import Graph, InputError
from pith.quant import cores
from pith.quant.calibration import Inside, all_inside, open_samples, ports_of
from pith.quant.cores import in_order, one_blas_thread
from pith.quant.measure import compare
from tests.quantize.nets import pictures, run, small_net


@pytest.fixture(params=[1, 2, 5])
def workers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(cores, "count", lambda: request.param)
    return int(request.param)


def test_results_come_in_order_whoever_ends_first(workers: int) -> None:
    def slow(k: int) -> int:
        time.sleep(0.002 * (7 - k))
        return k * k

    assert list(in_order(slow, range(8))) == [k * k for k in range(8)]
    assert list(in_order(slow, [])) == []


def test_few_are_under_way_at_once_and_all_cores_work(workers: int) -> None:
    together, most, taken = 0, 0, 0
    lock = threading.Lock()

    def work(k: int) -> int:
        nonlocal together, most
        with lock:
            together += 1
            most = max(most, together)
        time.sleep(0.01)
        with lock:
            together -= 1
        return k

    def items() -> Iterator[int]:
        nonlocal taken
        for k in range(20):
            taken += 1
            yield k

    for k in in_order(work, items()):
        assert taken <= k + workers + 1
    assert most == workers
    most = 0
    assert list(in_order(work, range(6), size=1 << 31)) == list(range(6)) and most == 1  # what does not fit memory twice


def test_an_exception_comes_in_its_place_and_nothing_runs_on(workers: int) -> None:
    began: list[int] = []

    def work(k: int) -> int:
        began.append(k)
        if k == 3:
            raise InputError("three")
        return k

    got = []
    with pytest.raises(InputError, match="three"):
        for k in in_order(work, range(100)):
            got.append(k)
    assert got == [0, 1, 2]
    count = len(began)
    assert count <= 4 + workers
    time.sleep(0.02)
    assert len(began) == count


def test_an_item_that_cannot_be_made_ends_it_too(workers: int) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise InputError("no second one")

    with pytest.raises(InputError, match="no second one"):
        list(in_order(lambda k: k, items()))


def test_calls_inside_of_calls_do_not_multiply_threads(workers: int) -> None:
    names: set[int] = set()

    def inner(k: int) -> int:
        names.add(threading.get_ident())
        time.sleep(0.001)
        return k

    assert list(in_order(lambda k: sum(in_order(inner, range(k))), range(12))) == [sum(range(k)) for k in range(12)]
    assert len(names) <= workers


def test_quantising_gives_the_same_bits_on_any_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for count in (1, 2, 3):
        monkeypatch.setattr(cores, "count", lambda count=count: count)
        said: list[float] = []
        result = pith.quantize(small_net(), pictures(12), explain=True, progress=lambda what, done, said=said: said.append(done))  # type: ignore[misc]
        assert said == sorted(said) and said[-1] == 1.0
        found.append((to_onnx(result.graph).SerializeToString(deterministic=True), result.report.text(), result.outcome.snapshots, result.outcome.notes))
    assert found[0] == found[1] == found[2]


class Counted:
    """A compiled graph that knows whether it was closed, and fails at a sample if told so."""

    made: ClassVar[list[Counted]] = []

    def __init__(self, session: pith.Session) -> None:
        self.session, self.closed = session, 0
        Counted.made.append(self)

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        if any(x.max() > 1e6 for x in inputs.values()):
            raise InputError("too large")
        return self.session.run(inputs)

    def again(self) -> Counted:
        return Counted(self.session.again())

    def close(self) -> None:
        self.closed += 1
        self.session.close()


def test_sessions_are_closed_after_success_and_after_failure(workers: int) -> None:
    net, data = small_net(), pictures(9)
    Counted.made.clear()
    samples = open_samples(data, ports_of(net))
    with Inside(net, net.outputs, lambda g: Counted(run(g))) as inside:
        want = [inside.run(s)["y"].copy() for s in samples]
        assert all(np.array_equal(a["y"], b) for a, b in zip(inside.each(samples), want, strict=True))
    assert 1 <= len(Counted.made) <= workers + 1 and {c.closed for c in Counted.made} == {1}

    data[5] = 1e7
    Counted.made.clear()
    with pytest.raises(InputError, match="too large"):
        compare(net, [], net.outputs, open_samples(data, ports_of(net)), lambda g: Counted(run(g)))
    assert Counted.made and {c.closed for c in Counted.made} == {1}


@pytest.mark.parametrize("first", ["good", "bad"])
def test_graphs_that_compiled_are_closed_when_another_does_not(workers: int, first: str) -> None:
    net, other = small_net(), small_net(1)
    other.name = "bad"
    Counted.made.clear()

    def compile(graph: Graph) -> Counted:
        if graph.name == "bad":
            time.sleep(0.05)
            raise InputError("does not compile")
        return Counted(session)

    session = run(net)  # already there, so that the good graph is ready first
    graphs = [(g, g.outputs) for g in ((net, other) if first == "good" else (other, net))]
    with pytest.raises(InputError, match="does not compile"), all_inside(graphs, compile):
        pass
    assert [c.closed for c in Counted.made] == ([] if workers == 1 and first == "bad" else [1])


def test_threads_that_come_at_once_have_a_session_each() -> None:
    net = small_net()
    both = threading.Barrier(2, timeout=10)

    class Slow(list[Counted]):
        """The next one is added before whoever added one goes on."""

        def append(self, made: Counted) -> None:
            super().append(made)
            both.wait()

    with Inside(net, net.outputs, lambda g: Counted(run(g))) as inside:
        inside.sessions = Slow(inside.sessions)
        got = [inside._session()]  # the only one
        threads = [threading.Thread(target=lambda: got.append(inside._session())) for _ in range(2)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len({id(s) for s in got}) == len(got) == 3


def test_another_session_outlives_a_temporary_one_that_is_dropped() -> None:
    first = compile_graph(small_net(), opt="-O1")
    folder, x = Path(first.folder), pictures(1)
    want = first(x)
    second = first.again()
    del first
    assert folder.exists() and np.array_equal(second(x), want)
    del second
    assert not folder.exists()


def test_blas_has_one_thread_meanwhile_and_as_many_as_before_afterwards() -> None:
    found = list(cores._openblas())
    if not found:
        pytest.skip("NumPy has another BLAS here")
    before = [get() for _, get in found]
    try:
        for put, _ in found:
            put(2)
        with pytest.raises(InputError), one_blas_thread():
            assert {get() for _, get in found} == {1}
            raise InputError("on the way")
        assert {get() for _, get in found} == {2}
        one, other = one_blas_thread(), one_blas_thread()  # as of two threads: neither ends inside of the other
        one.__enter__()
        other.__enter__()
        one.__exit__(None, None, None)
        assert {get() for _, get in found} == {1}
        other.__exit__(None, None, None)
        assert {get() for _, get in found} == {2}
    finally:
        for (put, _), n in zip(found, before, strict=True):
            put(n)

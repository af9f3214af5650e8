"""Sessions that run on several threads: how many, forks, closing, calls from several Python threads."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import pith
from pith.graph import InputError
from pith.runtime.session import load

MODEL = "pith/demo/mobilenext_cifar10.onnx"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("threads") / "net"
    pith.compile(MODEL, threads=3, out=path).close()
    return path


def _image(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((1, 3, 32, 32)).astype(np.float32)


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))


def test_as_many_as_it_was_compiled_for(folder: Path) -> None:
    assert load(folder).threads == 3
    assert load(folder, threads=2).threads == 2
    for wrong in (0, 4):
        with pytest.raises(InputError, match="threads"):
            load(folder, threads=wrong)
    for wrong in (2.0, "2", True):
        with pytest.raises(InputError, match="threads"):
            load(folder, threads=wrong)  # type: ignore[arg-type]
    for wrong in (0, 257, 1.5, True):
        with pytest.raises(InputError, match="threads"):
            pith.compile(MODEL, threads=wrong)  # type: ignore[arg-type]


def test_threads_begin_with_the_first_call_and_end_with_the_session(folder: Path) -> None:
    before = _threads()
    session = load(folder)
    assert _threads() == before
    session(_image())
    assert _threads() == before + 2
    session.close()
    assert _threads() == before
    session = load(folder)
    session(_image())
    del session
    assert _threads() == before


def test_a_forked_process_has_threads_of_its_own(folder: Path) -> None:
    session = load(folder)
    want = session(_image())
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if np.array_equal(session(_image()), want) else 2
            session.close()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert np.array_equal(session(_image()), want)


def test_calls_from_several_python_threads_take_turns(folder: Path) -> None:
    session = load(folder)
    want = [session(_image(k)) for k in range(8)]
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda k: session(_image(k)), range(8)))
    assert all(np.array_equal(a, b) for a, b in zip(got, want, strict=True))


def test_read_only_and_strided_inputs(folder: Path) -> None:
    session = load(folder)
    image = _image()
    want = session(image)
    frozen = image.copy()
    frozen.flags.writeable = False
    assert np.array_equal(session(frozen), want)
    assert np.array_equal(session(np.asfortranarray(image)), want)

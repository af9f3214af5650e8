"""Tests of kernels for AVX-512 and AMX on any x86-64 processor with AVX2: intrinsics as plain C (`pith.emulators.simulated`)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from pith.api import generate
from pith.build import build_into
from pith.emulators.simulated import lacking, simulated
from pith.kernels import base as kernels
from pith.kernels.base import Options
from pith.runtime.session import Session
from pith.targets.base import TARGETS, get_target
from tests.kernels.products import Case, graph_of

AMX = "x86-64-amx"
needed = pytest.mark.skipif(bool(lacking(get_target(AMX))), reason=f"the simulation of AMX: {lacking(get_target(AMX))}")


@contextmanager
def as_plain_c(target: str = AMX) -> Iterator[None]:
    """Within: code for `target` is compiled for this machine."""
    plain = simulated(get_target(target))
    with mock.patch.dict(TARGETS, {target: lambda: plain}):
        yield


def run_bf16(cases: Sequence[Case], kernel: str, *, threads: int = 1, count: int | None = None) -> list[np.ndarray]:
    """The results of cases of one operator, with products of bfloat16 by `kernel` (all of them) for AMX; count: how many threads run it."""
    graph, feeds = graph_of(cases)
    op = cases[0].op
    chosen = [k for k in kernels.KERNELS[op] if k.name == kernel]
    assert len(chosen) == 1
    with as_plain_c(), mock.patch.dict(kernels.KERNELS, {op: chosen}), tempfile.TemporaryDirectory() as folder:
        result = generate([graph], get_target(AMX), "cases", options=Options(bf16=True, threads=threads))
        build_into(Path(folder) / "net", result, None, "-O1", False, None)
        with Session(Path(folder) / "net", threads=count) as session:
            assert {s["family"] for s in session.manifest["variants"][0]["steps"]} == {kernel}
            got = session(*feeds)
            return [np.array(y) for y in (got if isinstance(got, tuple) else (got,))]

"""A case of every operator of the ONNX suite on every kind of processor: integers bit for bit, floats within ONNX's tolerances.

All cases are one network, so that each emulator starts once. `python -m tests.conformance.targets` runs the rest.
"""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from pith.emulators import lacking
from pith.targets.base import get_target
from tests.conformance.merged import Merged, chosen, failures, merged, small
from tests.conformance.targets import PROCESSORS, TESTED
from tests.conformance.test_onnx_backend import CASES, EXPECTED


@functools.cache
def network() -> Merged:
    return merged(chosen(small(sorted(set(CASES) - set(EXPECTED))), 1))


@pytest.mark.parametrize("target", TESTED)
def test_every_operator(target: str, tmp_path: Path) -> None:
    if missing := lacking(get_target(target)):
        pytest.skip(missing)
    found = failures(network(), target, tmp_path / "net", [o for o in PROCESSORS[target].values() if o])
    assert len(found) == len(PROCESSORS[target])
    assert not {k: v for k, v in found.items() if v}


def test_the_choice_has_every_operator() -> None:
    passing = set(CASES) - set(EXPECTED)
    reached = {op for case, *_ in network().wanted for op in case.operators}
    assert {op for n in small(sorted(passing)) for op in CASES[n].operators} <= reached


def test_a_wrong_answer_is_seen(tmp_path: Path) -> None:
    """The comparison itself: one expected number changed in its last place that counts."""
    if missing := lacking(get_target("riscv64")):
        pytest.skip(missing)
    work = merged(["node/test_add", "node/test_abs"])
    case, name, called, want = work.wanted[0]
    work.wanted[0] = case, name, called, want + 1.0
    (found,) = failures(work, "riscv64", tmp_path / "net").values()
    assert list(found) == ["node/test_add"]

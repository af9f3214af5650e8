"""Code size of a whole network without its weights."""

from __future__ import annotations

import pytest

from pith.api import compile as pith_compile
from pith.targets.base import get_target
from tests.models.networks import mobilenet_v2


@pytest.mark.parametrize("target", ["c99", "x86-64-v2", "x86-64-v3", "x86-64-v4"])
def test_mobilenet_v2_is_small(target: str) -> None:
    if not get_target(target).runs_here():
        pytest.skip(f"this processor does not run {target}, so no library is built")
    manifest = pith_compile(mobilenet_v2(), target, opt="-Os", cache=False).manifest
    assert 5_000 < manifest["code_bytes"] < 60_000

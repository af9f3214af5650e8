"""Every case of the ONNX backend suite: it passes through generated C, or it is refused for a reason listed here.

`refused.csv` holds (case, reason). A case in it must still be refused, and one outside it must pass: both lists are tight.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.conformance.cases import load_cases, run_case

REFUSED = Path(__file__).with_name("refused.csv")


def expected_refusals() -> dict[str, str]:
    with REFUSED.open(newline="") as f:
        return {row["case"]: row["reason"] for row in csv.DictReader(f)}


CASES = load_cases()
EXPECTED = expected_refusals()


@pytest.mark.parametrize("name", sorted(CASES))
def test_case(name: str) -> None:
    outcome = run_case(CASES[name])
    if name in EXPECTED:
        assert outcome.status == "refused", f"listed as refused ({EXPECTED[name]}) but: {outcome}"
    else:
        assert outcome.status == "pass", outcome.detail


def test_enough_pass() -> None:
    assert len(CASES) - len(EXPECTED) >= 1400


def test_list_names_real_cases_with_reasons() -> None:
    assert not set(EXPECTED) - set(CASES)
    assert all(EXPECTED.values())

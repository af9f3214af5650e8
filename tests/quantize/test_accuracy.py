"""The accuracy benchmark: its intervals, and what it hands to rivals."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest

import pith
from benchmarks import accuracy
from benchmarks.readme_tables import fill
from tests.quantize.nets import pictures, run, small_net


def test_intervals() -> None:
    d = np.zeros(1000)
    low, high = accuracy.interval(d)  # nothing changed: about three of n, as the rule of three has it
    assert low == -high and 2 / 1000 < high < 4 / 1000
    d[:30], d[30:50] = 1, -1
    low, high = accuracy.interval(d)
    assert low < 0.01 < high and np.allclose(accuracy.interval(-d), (-high, -low))
    assert abs((high - low) / 2 - 1.96 * math.sqrt(0.05 / 1000)) < 0.001
    x = np.array([0.3, -0.1, 0.25, 0.9, 0.4])
    low, high = accuracy.interval(x)
    assert abs((high - low) / 2 - 2.776 * x.std(ddof=1) / math.sqrt(5)) < 0.005  # Student's, four degrees of freedom
    assert accuracy.interval(np.zeros(1)) == (-math.inf, math.inf)


def test_intervals_hold() -> None:
    """95 % of them, of 200 pictures of which 3 % get better and 5 % worse, hold the truth."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(1000):
        low, high = accuracy.interval(rng.choice([1.0, -1.0, 0.0], 200, p=[0.03, 0.05, 0.92]))
        held += low <= -0.02 <= high
    assert held > 930


def test_beside_a_rival() -> None:
    """Five right answers of forty beside three of the same."""
    own, rival = np.zeros(40), np.zeros(40)
    own[:5], rival[2:5] = 1, 1
    found = {k: float(v) for k, v in accuracy.beside(own - rival).items()}
    assert found["beside"] == 0.05 and found["beside_low"] < 0 < found["beside"] < found["beside_high"]


def test_agreement_and_rivals() -> None:
    """This Python as the rival's: ONNX Runtime runs Pith's export, and quantises by itself."""
    pytest.importorskip("onnxruntime")
    net, data = small_net(), pictures(12)
    result = pith.quantize(net, data, method="minmax", improve=False)
    same = accuracy.agreement(result, sys.executable, data)
    assert same["agreement"] == same["integers"] == 1 and 0 < same["saturating"] <= 1
    outputs, version = accuracy.by_other("run", sys.executable, net, data, data)
    exact = np.stack([run(net)(x[None]) for x in data])
    assert version.startswith("ONNX Runtime") and np.allclose(outputs[0], exact, rtol=1e-4, atol=1e-5)
    replayed = accuracy.replay(outputs)
    assert all(np.array_equal(replayed(x[None])[0], y) for x, y in zip(data, outputs[0], strict=True))


def test_what_a_rival_says_is_passed_on() -> None:
    net, data = small_net(), pictures(2)
    with pytest.raises(RuntimeError, match="nothing like it"):
        accuracy.by_other("nothing like it", sys.executable, net, data, data)


def test_the_table(tmp_path: Path) -> None:
    exact = {"network": "N", "metric": "accuracy", "method": "float", "bits": "32", "n": "100", "score": "0.8", "change": "0", "low": "-0.01",
             "high": "0.01", "version": "", "commit": "abc", "date": "2026-01-01"}  # fmt: skip
    lines = [exact, {**exact, "method": "min-max", "bits": "8", "change": "-0.025", "low": "-0.04", "high": "-0.01"},
             {**exact, "method": "Rival", "bits": "8", "score": "", "change": "", "version": "failed: it"}]  # fmt: skip
    (tmp_path / "accuracy.csv").write_text("\n".join([",".join(exact), *(",".join(r.values()) for r in lines)]))
    text = fill("<!-- table: accuracy -->\n<!-- end -->", tmp_path)
    assert "| N | accuracy 80.00 %, 100 | 8 | -2.50 (-4.00 to -1.00) | - |" in text and "abc" in text

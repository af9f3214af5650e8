"""The arithmetic: ratios round by round, errors, the best peer, repetitions, means, and the table of the README."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.peers import MEAN, combine, geometric_mean, means
from benchmarks.readme_tables import _peers
from pith.bench.compare import Row, best_peer, error, summarise


def _row(engine: str, blocks: list[float | None], **more: object) -> Row:
    row = Row(engine, "net", "float32", 1, blocks=blocks)
    for k, v in more.items():
        setattr(row, k, v)
    return row


def test_ratio_is_the_median_of_the_rounds() -> None:
    """Not the ratio of the medians: here that would be 3."""
    rows = {"pith": _row("pith", [1.0, 2.0, 4.0]), "mnn": _row("mnn", [2.0, 6.0, 6.0])}
    summarise(rows, {}, None)
    assert rows["mnn"].ratio == pytest.approx(2.0) and rows["pith"].ratio == 1.0
    assert (rows["pith"].median_ms, rows["mnn"].median_ms) == (2.0, 6.0)
    assert rows["mnn"].error is None and rows["mnn"].counts is None


def test_a_failed_engine_has_no_figures() -> None:
    rows = {"pith": _row("pith", [1.0, 1.0]), "mnn": _row("mnn", [2.0, None], reason="died")}
    summarise(rows, {"pith": {}, "mnn": {}}, {})
    assert rows["mnn"].median_ms is None and rows["mnn"].ratio is None and rows["mnn"].counts is None


def test_a_result_that_is_off_does_not_count() -> None:
    reference = {"y": np.array([1.0, -10.0])}
    rows = {"pith": _row("pith", [1.0]), "mnn": _row("mnn", [0.5]), "ncnn": _row("ncnn", [3.0]), "litert": _row("litert", [2.0])}
    outputs = {"pith": {"y": np.array([1.0, -10.0005])}, "mnn": {"y": np.array([1.002, -10.0])},
               "ncnn": {"#0": np.array([[1.0], [-10.0]])}, "litert": {"#0": np.zeros(3)}}  # fmt: skip
    summarise(rows, outputs, reference)
    assert rows["pith"].error == pytest.approx(5e-5) and rows["pith"].counts is True
    assert rows["mnn"].error == pytest.approx(2e-4) and rows["mnn"].counts is False
    assert rows["ncnn"].error == 0 and rows["ncnn"].counts is True
    assert rows["litert"].error is None and rows["litert"].counts is False  # another size: no answer to this question
    best = best_peer(list(rows.values()))
    assert best is not None and best.engine == "ncnn"


def test_error_of_outputs() -> None:
    a, b = np.array([1.0, 2.0]), np.array([4.0])
    assert error({"a": a, "b": b}, {"b": b, "a": a}) == 0.0  # by name
    assert error({"a": a, "b": b}, {"#0": a, "#1": b * 1.5}) == pytest.approx(0.5)  # by position
    assert error({"a": a}, {"a": a, "b": b}) is None
    hole = np.array([1.0, np.nan])
    assert error({"a": a}, {"a": hole}) is None and error({"a": hole}, {"a": a}) is None
    assert error({"a": hole}, {"a": hole * 1.5}) == pytest.approx(0.5) and error({"a": hole[1:]}, {"a": hole[1:]}) == 0.0
    assert error({"a": np.zeros(2)}, {"a": np.array([0.0, 0.25])}) == 0.25
    assert error({"a": np.zeros(0)}, {"a": np.zeros(0)}) == 0.0


def _measured(engine: str, ms: float, ratio: float, *, error: float = 0.0, counts: bool | None = True, reason: str | None = None) -> Row:
    return Row(engine, "net", "float32", 1, ms, ratio, error, counts, "1", 9, reason)


def test_repetitions_are_combined_by_medians() -> None:
    runs = [
        [_measured("pith", 2.0, 1.0), _measured("mnn", 1.0, 0.5, error=2e-4, counts=False), _measured("ncnn", m, r), _measured("litert", 6.0, 3.0)]
        for m, r in ((5.0, 2.5), (2.2, 1.1), (9.0, 4.5))
    ]  # fmt: skip
    row = combine(runs)
    assert (row["pith_ms"], row["best_peer"], row["best_ms"], row["ratio"]) == (2.0, "ncnn", 5.0, 2.5)
    assert (row["ratio_low"], row["ratio_high"]) == (1.1, 4.5)
    assert row["mnn_ratio"] == 0.5 and row["mnn_error"] == 2e-4 and row["litert_ratio"] == 3.0
    runs[2][2] = Row("ncnn", "net", "float32", 1, reason="exit code 1: /home/somebody/x/y.py broke")
    row = combine(runs)
    assert (row["best_peer"], row["ncnn_reason"]) == ("litert", "exit code 1: y.py broke")


def test_a_wrong_result_of_our_own_wins_nothing() -> None:
    right, wrong = [_measured("pith", 1.0, 1.0), _measured("mnn", 2.0, 2.0)], [_measured("pith", 1.0, 1.0, error=0.1, counts=False)]
    assert combine([right])["ratio"] == 2.0
    row = combine([right, [*wrong, _measured("mnn", 2.0, 2.0)]])
    assert row["ratio"] is None and row["best_peer"] == "" and row["pith_error"] == 0.1


def test_nothing_to_compare_with() -> None:
    row = combine([[_measured("pith", 2.0, 1.0)]])
    assert (row["pith_ms"], row["best_peer"], row["ratio"]) == (2.0, "", None)


def test_geometric_mean() -> None:
    assert geometric_mean([0.5, 2.0]) == pytest.approx(1.0)
    assert geometric_mean([1.0, 8.0, 1.0]) == pytest.approx(2.0)
    rows = [{"threads": 1, "ratio": 4.0}, {"threads": 1, "ratio": 1.0}, {"threads": 2, "ratio": 3.0}, {"threads": 2, "ratio": None}]
    assert means(rows) == [{"model": MEAN, "threads": 1, "ratio": pytest.approx(2.0)}, {"model": MEAN, "threads": 2, "ratio": pytest.approx(3.0)}]


def test_table_of_the_readme() -> None:
    facts = {"mnn_version": "3.6", "pith_version": "0.1", "ncnn_version": "", "processor": "P", "command": "c", "commit": "abc", "date": "today"}
    empty = {"pith_ms": "", "best_peer": "", "best_ms": "", "mflop": ""}
    rows = [
        {"model": "net", "mflop": "601.5", "threads": "1", "pith_ms": "8.1234", "best_peer": "mnn", "best_ms": "12.346", "ratio": "1.52", **facts},
        {"model": "net", "mflop": "601.5", "threads": "2", "pith_ms": "5", "best_peer": "mnn", "best_ms": "4", "ratio": "0.8", **facts},
        {"model": "odd", "mflop": "3", "threads": "1", "pith_ms": "1", "best_peer": "", "best_ms": "", "ratio": "", **facts},
        {"model": MEAN, "threads": "1", "ratio": "1.52", **empty, **facts}, {"model": MEAN, "threads": "2", "ratio": "0.8", **empty, **facts},
    ]  # fmt: skip
    lines = _peers(rows).splitlines()
    assert lines[0].count("|") == 11 and "Pith ms, 2 threads" in lines[0]
    assert all(line.count("|") == 11 for line in lines[1:5])
    assert lines[2] == "| net | 602 | 8.12 | mnn | 12.3 | 1.52 | 5 | mnn | 4 | 0.80 |"
    assert lines[3] == "| odd | 3 | 1 |  | - | - | - | - | - | - |"
    assert lines[4] == "| geometric mean |  |  |  |  | **1.52** |  |  |  | **0.80** |"
    assert "mnn 3.6" in lines[-1] and "ncnn" not in lines[-1] and "commit abc, today" in lines[-1]

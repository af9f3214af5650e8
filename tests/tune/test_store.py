"""Measurements on disk: what was written is read, what is damaged is left out, another processor has another file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from pith.kernels.base import Schedule
from pith.targets.base import get_target
from pith.tune import store
from pith.tune.store import Found, place, read, write

FOUND = Found("winograd4", Schedule.of(block=18), 0.5, 0.75)
GOOD: dict[str, Any] = {"kernel": "direct", "schedule": {"near": 4096}, "seconds": 1.0, "predicted": 2.0}


def test_what_was_written_is_read_and_joined(tmp_path: Path) -> None:
    path = tmp_path / "tuned" / "a.json"
    other = Found("gemm", Schedule(), 1.0, 1.0)
    write(path, {"a": FOUND})
    write(path, {"b": other})
    assert read(path) == {"a": FOUND, "b": other}
    assert [p.name for p in path.parent.iterdir()] == ["a.json"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", "3", '{"calls": 3}', '{"calls": null}', '{"calls": []}', '{"calls": {"a": ', "\0\xff", "[" * 100_000],
)
def test_a_damaged_file_counts_as_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    assert read(path) == {}
    write(path, {"a": FOUND})
    assert read(path) == {"a": FOUND}


@pytest.mark.parametrize(
    "change",
    [
        {"kernel": 3}, {"kernel": None}, {"schedule": []}, {"schedule": {"near": "much"}}, {"schedule": {"near": 1.5}},
        {"schedule": {"near": True}}, {"schedule": {"near": None}}, {"seconds": "1"}, {"seconds": None}, {"predicted": []},
    ],
)  # fmt: skip
def test_a_damaged_entry_is_left_out_and_the_others_stay(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"calls": {"bad": {**GOOD, **change}, "short": {"kernel": "direct"}, "no": 3, "good": GOOD}}))
    assert read(path) == {"good": Found("direct", Schedule.of(near=4096), 1.0, 2.0)}


def test_a_folder_or_nothing_in_its_place(tmp_path: Path) -> None:
    assert read(tmp_path) == {} and read(tmp_path / "none.json") == {}
    write(tmp_path / "file", {})
    write(tmp_path / "file" / "a.json", {"a": FOUND})  # its parent is a file: nothing is kept, nothing raised
    assert read(tmp_path / "file" / "a.json") == {}


def test_all_that_decides_about_speed_has_a_file_of_its_own(tmp_path: Path) -> None:
    host = get_target("host")
    places = {place(tmp_path, host, None, "-O3"), place(tmp_path, host, None, "-O2")}
    places.add(place(tmp_path, replace(host, isa=replace(host.isa, last=1)), None, "-O3"))
    places.add(place(tmp_path, replace(host, cflags=("-mtune=generic",)), None, "-O3"))
    with mock.patch.object(store, "model_name", lambda: "another"):
        places.add(place(tmp_path, host, None, "-O3"))
    with mock.patch.object(store, "_sources", lambda: "other code"):
        places.add(place(tmp_path, host, None, "-O3"))
    assert len(places) == 6
    assert place(tmp_path, host, None, "-O3") in places

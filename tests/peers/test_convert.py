"""Models in the engines' own formats: made once, kept, made anew when anything that matters changes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pith.bench import convert as module
from pith.bench.convert import converted
from pith.bench.process import Failure, Interpreters
from pith.peers.base import get_peer


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, Any]]:
    """Conversions asked for; each writes a file of its number."""
    requests: list[dict[str, Any]] = []

    def ask(peer: object, python: str, request: dict[str, Any], timeout: float) -> dict[str, Any]:
        requests.append(request)
        (Path(request["folder"]) / "model.xml").write_text(str(len(requests)))
        return {"path": "model.xml"}

    monkeypatch.setattr(module, "ask", ask)
    monkeypatch.setenv("PITH_CACHE", str(tmp_path / "cache"))
    return requests


def _inputs(*shape: int) -> dict[str, np.ndarray]:
    return {"x": np.zeros(shape, np.float32)}


def test_made_once_and_kept(tiny: Path, asked: list[dict[str, Any]], tmp_path: Path) -> None:
    model = shutil.copy(tiny, tmp_path / "m.onnx")
    peer, where = get_peer("openvino"), Interpreters()
    first = converted(peer, model, _inputs(1, 3, 20, 20), where, tmp_path)
    assert first.read_text() == "1" and first.parent.parent == tmp_path / "cache" / "peers"
    assert asked[0]["names"] == ["x"] and asked[0]["model"] == str(model)
    assert converted(peer, model, _inputs(1, 3, 20, 20), where, tmp_path) == first and len(asked) == 1
    assert converted(peer, model, _inputs(1, 3, 40, 40), where, tmp_path) != first and len(asked) == 2  # other shapes
    model.with_suffix(".pt2").write_bytes(b"program")
    assert converted(peer, model, _inputs(1, 3, 20, 20), where, tmp_path) != first and len(asked) == 3
    first.write_text("damaged: another size")
    model.with_suffix(".pt2").unlink()
    assert converted(peer, model, _inputs(1, 3, 20, 20), where, tmp_path).read_text() == "4"


def test_a_failed_conversion_leaves_nothing(tiny: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def ask(*_: object) -> dict[str, Any]:
        raise Failure("no such operator")

    monkeypatch.setattr(module, "ask", ask)
    monkeypatch.setenv("PITH_CACHE", str(tmp_path / "cache"))
    with pytest.raises(Failure, match="no such operator"):
        converted(get_peer("openvino"), tiny, _inputs(1), Interpreters(), tmp_path)
    assert list((tmp_path / "cache" / "peers").iterdir()) == []


def test_what_reads_onnx_itself_is_not_converted(tiny: Path, tmp_path: Path) -> None:
    assert converted(get_peer("onnxruntime"), tiny, {}, Interpreters(), tmp_path) == tiny

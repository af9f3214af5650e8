"""The table of formats: suffixes, the layers that the page lists, and how a wrong name is refused."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from pith.graph import ModelError
from pith.importers import FORMATS, files_of, import_model
from pith.importers.formats import importer_of, suffix_of

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text()


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_every_suffix_has_an_importer_and_a_row(suffix: str) -> None:
    assert callable(importer_of(Path(f"net{suffix}"))) and f"`{suffix}`" in PAGE.split("## ")[0]


@pytest.mark.parametrize(("name", "title"), [("ncnn", "ncnn"), ("caffe", "Caffe"), ("tengine", "Tengine")])
def test_the_page_lists_every_layer(name: str, title: str) -> None:
    section = PAGE.split(f"## {title}\n")[1].split("\n## ")[0]
    listed = re.search(r"\*\*(?:Layers|Operators)\*\*: (.*?)\.\n", section, re.S)
    assert listed is not None
    assert re.split(r",\s+", listed.group(1)) == importlib.import_module(f"pith.importers.{name}").known_layers()


def test_the_longest_suffix_counts() -> None:
    assert suffix_of(Path("a.PARAM")) == ".param" and suffix_of(Path("a.param.bin")) == ".param.bin" and suffix_of(Path("a.bin")) is None
    assert files_of(Path("a.onnx")) == [Path("a.onnx")]


def test_weights_named_instead_of_the_network(tmp_path: Path) -> None:
    for name in ("net.param", "net.bin", "other.bin"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(ModelError, match=r"net\.param, which describes the network"):
        import_model(tmp_path / "net.bin")
    with pytest.raises(ModelError, match="export to ONNX"):
        import_model(tmp_path / "other.bin")

"""Without PyYAML: recipes in YAML are refused with what to install, JSON is read."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pith.config import Config
from pith.graph import UnsupportedError


def test_yaml_is_refused_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    (tmp_path / "a.yaml").write_text("seed: 1\n")
    (tmp_path / "a.json").write_text(json.dumps({"seed": 1}))
    with pytest.raises(UnsupportedError, match="PyYAML") as e:
        Config.fromfile(tmp_path / "a.yaml")
    assert "pip install pyyaml" in str(e.value.try_) and '"train"' in str(e.value.try_)
    assert Config.fromfile(tmp_path / "a.json").plain() == {"seed": 1}

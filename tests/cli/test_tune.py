"""--tune: progress, refusal, and what inspect says afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_errors import pith, refused

MODEL = str(Path(__file__).parents[2] / "pith" / "demo" / "mobilenext_cifar10.onnx")


def test_compile_tune_and_inspect(tmp_path: Path) -> None:
    env = {"PITH_CACHE": str(tmp_path / "cache")}
    done = pith("compile", MODEL, "-o", "net", "--tune", "1", "--opt", "-O1", "-v", cwd=tmp_path, env=env)
    assert done.returncode == 0 and "tune " in done.stdout, done.stderr
    rows = json.loads(pith("inspect", "net", "--json", cwd=tmp_path, env=env).stdout)["layers"]
    assert any(r["chosen"].startswith("tuned; ") for r in rows) and any(r["chosen"].startswith("predicted") for r in rows)
    assert "(tuned; " in (tmp_path / "net" / "report.html").read_text()
    assert list((tmp_path / "cache" / "tuned").glob("*.json"))


@pytest.mark.parametrize("seconds", ["-1", "1e99", "nan"])
def test_seconds_that_are_none(tmp_path: Path, seconds: str) -> None:
    refused(pith("compile", MODEL, "-o", "net", "--tune", seconds, cwd=tmp_path), "seconds to tune", "30")
    assert not (tmp_path / "net").exists()

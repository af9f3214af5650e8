"""TFLite-Micro's published figures and what its allocator says: read, and in the table of docs/microcontrollers.md."""

from __future__ import annotations

import csv
import re

import pytest

from benchmarks.microcontrollers import NETS
from benchmarks.readme_tables import RESULTS, ROOT, _tflm
from benchmarks.tflm import PUBLISHED, parse, published

SAID = """[RecordingMicroAllocator] Arena allocation total 24272 bytes
[RecordingMicroAllocator] Arena allocation head 16000 bytes
[RecordingMicroAllocator] Arena allocation tail 8272 bytes
[RecordingMicroAllocator] 'TfLiteEvalTensor data' used 840 bytes with alignment overhead (requested 840 bytes for 35 allocations)
"""


def test_the_arena() -> None:
    assert parse(SAID) == {"total": 24272, "head": 16000, "tail": 8272}
    for wrong in ("", SAID.replace("24272", "24271"), SAID.replace("head", "hat")):
        with pytest.raises(ValueError, match="no sizes of the arena"):
            parse(wrong)


def test_every_published_number_is_the_one_its_place_has() -> None:
    """The bytes are those of the kB, or of the product, that the place quotes."""
    with PUBLISHED.open(newline="") as f:
        rows = list(csv.DictReader(f))
    assert {(n, w) for n in NETS for w in ("flash", "ram", "arena set aside")} <= published().keys()
    for r in rows:
        assert r["source"] and r["where"] and r["board"]
        if said := re.search(r"([\d.]+) kB", r["where"]):
            assert float(said[1]) * 1024 == int(r["bytes"])
        if said := re.search(r"(\d+) \* 1024", r["where"]):
            assert int(said[1]) * 1024 == int(r["bytes"])


def test_the_table() -> None:
    with (RESULTS / "tflm.csv").open(newline="") as f:
        rows = list(csv.DictReader(f))
    said = published()
    for r in rows:
        assert int(r["published_flash_bytes"]) == said[r["net"], "flash"] - said["", "base flash"]
        assert int(r["published_ram_bytes"]) == said[r["net"], "ram"] - said["", "base ram"]
        assert int(r["flash_bytes"]) < int(r["published_flash_bytes"]) and int(r["ram_bytes"]) < int(r["published_ram_bytes"])
    text = (ROOT / "docs" / "microcontrollers.md").read_text()
    assert f"<!-- table: tflm -->\n{_tflm(rows)}\n<!-- end -->" in text

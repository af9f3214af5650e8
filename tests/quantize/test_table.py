"""The table of the documentation: what it shows of a CSV file, and that the page shows the file that is there."""

from __future__ import annotations

from benchmarks.readme_tables import RESULTS, ROOT, _quantization, fill


def row(network: str, method: str, bits: int, sqnr: str, accuracy: str = "", seconds: str = "1.0") -> dict[str, str]:
    plain = {"network": network, "method": method, "bits": str(bits), "sqnr_db": sqnr, "accuracy": accuracy, "seconds": seconds}
    return plain | {"mean_layer_cosine": "", "commit": "abc", "date": "2026-01-01", "onnxruntime": "1.2"}


def test_a_line_for_each_network_and_width() -> None:
    rows = [
        row("n", "float", 32, "999", "0.8"), row("n", "min-max", 8, "30.12", "0.79"), row("n", "EasyQuant, improved", 8, "33.0", "0.8", "12.4"),
        row("n", "min-max", 7, "20.0", "0.7"), row("n", "EasyQuant, improved", 7, "24.0", "0.75", "11.6"),
        row("n", "ONNX Runtime static", 8, ""), row("m", "float", 32, "999"), row("m", "min-max", 8, "10.0"), row("m", "EasyQuant, improved", 8, "11.0"),
        row("m", "min-max", 7, "5.0"), row("m", "EasyQuant, improved", 7, "6.0"),
    ]  # fmt: skip
    lines = _quantization(rows).splitlines()
    assert lines[0] == "| network | bits | min-max | EasyQuant, improved | ONNX Runtime static | seconds |"
    assert lines[2:8] == [
        "| n | 8 | 30.1 | 33.0 | - | 12 |", "| accuracy (float: 80.00%) | 8 | 79.00% | 80.00% | - |  |",
        "| n | 7 | 20.0 | 24.0 | - | 12 |", "| accuracy (float: 80.00%) | 7 | 70.00% | 75.00% | - |  |",
        "| m | 8 | 10.0 | 11.0 | - | 1 |", "| m | 7 | 5.0 | 6.0 | - | 1 |",
    ]  # fmt: skip
    assert "commit abc, 2026-01-01, ONNX Runtime 1.2" in lines[-1]


def test_the_page_shows_what_was_measured() -> None:
    page = (ROOT / "docs" / "quantization.md").read_text()
    assert "<!-- table: quantization -->" in page and (RESULTS / "quantization.csv").is_file()
    assert fill(page) == page

"""Write the tables of README.md from the CSV files in benchmarks/results, between their markers.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`; a NAME whose CSV file is missing is left alone.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
Rows = list[dict[str, str]]


def _markdown(head: list[str], rows: list[list[str]], note: str) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(r) + " |" for r in rows]
    return "\n".join([*lines, "", note])


def _real_models(rows: Rows) -> str:
    head = ["model", "Pith ms", "ONNX Runtime ms", "ratio", "code KB", "arena KB", "arena / bound", "compile s"]
    body = [
        [r["model"], r["pith_ms"], r["ort_ms"], r["pith_over_ort"], f"{int(r['code_bytes']) / 1e3:.0f}",
         f"{int(r['arena_bytes']) / 1e3:.0f}", r["arena_over_bound"], r["compile_s"]]
        for r in rows
    ]  # fmt: skip
    first = rows[0]
    note = f"One thread, interleaved, medians; `benchmarks/real_models.py`, commit {first['commit']}, {first['date']}, "
    return _markdown(head, body, note + f"target {first['target']}, ONNX Runtime {first['onnxruntime']}.")


def _compile_time(rows: Rows) -> str:
    note = f"`benchmarks/compile_time.py`, commit {rows[0]['commit']}, {rows[0]['date']}."
    return _markdown(["what", "seconds"], [[r["what"], r["seconds"]] for r in rows], note)


def _cold_start(rows: Rows) -> str:
    (r,) = rows
    body = [["C: load", r["c_load_ms"]], ["C: load and first result", r["c_first_result_ms"]],
            ["C: a further run", r["c_warm_ms"]], ["Python: import, load and first result", r["python_first_result_ms"]]]  # fmt: skip
    note = f"MobileNetV2 at 224 x 224, a new process each time; `benchmarks/cold_start.py`, commit {r['commit']}, {r['date']}."
    return _markdown(["time to first result", "ms"], body, note)


TABLES: dict[str, Callable[[Rows], str]] = {
    "real_models": _real_models, "compile_time": _compile_time, "cold_start": _cold_start,
}  # fmt: skip


def fill(text: str, results: Path = RESULTS) -> str:
    """`text` with every table whose CSV file exists written anew."""

    def table(match: re.Match[str]) -> str:
        path = results / f"{match[1]}.csv"
        if not path.is_file():
            return match[0]
        with path.open(newline="") as f:
            rows = list(csv.DictReader(f))
        return f"<!-- table: {match[1]} -->\n{TABLES[match[1]](rows)}\n<!-- end -->"

    return re.sub(r"<!-- table: (\w+) -->\n.*?<!-- end -->", table, text, flags=re.S)


def main() -> None:
    page = ROOT / "README.md"
    page.write_text(fill(page.read_text()))


if __name__ == "__main__":
    main()

"""Data flows down: which room imports which, no file too long for one sitting, no kernel that asks for a target's name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PITH = ROOT / "pith"
# room -> rooms of Pith that it may import; errors and version are everyone's. The table of docs/architecture.md.
TABLE: dict[str, set[str]] = {
    "graph": set(),
    "ops": {"graph"},
    "importers": {"graph", "ops"},
    "passes": {"graph", "ops"},
    "exporters": {"graph", "ops"},
    "targets": {"graph", "cache"},
    "vector": {"graph", "targets"},
    "kernels": {"graph", "ops", "vector", "targets"},
    "accelerators": {"graph", "ops", "kernels"},
    "lower": {"graph", "ops", "kernels", "vector", "targets"},
    "emit": {"graph", "lower", "vector", "targets"},
    "runtime": {"targets"},
    "peers": {"runtime"},
    "bench": {"graph", "vector", "targets", "runtime", "peers", "cache", "report"},
    "boards": {"graph", "targets"},
    "emulators": {"graph", "targets", "runtime", "cache", "boards"},
    "devices": {"graph", "targets", "runtime", "emulators", "boards"},
    "report": {"cache"},
    "models": set(),
    "config": {"graph"},
    "cache": set(),
    "artefact": {"graph", "emit", "cache"},
    "tune": {"graph", "ops", "kernels", "lower", "emit", "targets", "runtime", "artefact", "cache"},
    "build": {"graph", "lower", "emit", "targets", "artefact", "boards"},
    "api": {
        "accelerators", "graph", "importers", "passes", "kernels", "lower", "emit", "targets", "runtime", "artefact", "build", "cache", "tune", "boards",
    },  # fmt: skip
    "quant": {"graph", "ops", "passes", "runtime"},
    "quantized": {"api", "quant", "exporters", "graph", "report", "runtime"},
    "train": {"graph", "models", "ops", "quantized", "runtime", "config"},
    "emulated": {"api", "devices", "emulators", "graph", "lower", "ops", "targets"},
    "bridge": {"api", "graph", "runtime"},
    "cli": {
        "accelerators", "api", "boards", "devices", "quantized", "bench", "emulated", "emulators", "peers", "graph", "runtime", "report", "targets",
        "artefact", "importers", "kernels", "ops", "lower", "config", "models", "train",
    },  # fmt: skip
    "demo": {"api", "cli", "report", "runtime"},
    "__init__": {"api", "bridge", "quantized", "runtime", "targets"},
    "__main__": {"cli"},
}
EVERYONES = {"pith.graph.errors", "pith.version", "pith"}
# what may be taken from a room that is otherwise out of reach: facts of instruction sets, and no more
ONLY = {("vector", "targets"): "pith.targets.isa", ("kernels", "targets"): "pith.targets.isa", ("lower", "targets"): "pith.targets.isa"}


def room_of(path: Path) -> str:
    parts = path.relative_to(PITH).parts
    return parts[0] if len(parts) > 1 else path.stem


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Modules of Pith that a file imports, with the line."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"pith.{a.name}" for a in node.names] if node.module == "pith" else [node.module]
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        for name in names:
            if name.split(".")[0] == "pith":
                yield node.lineno, name


FILES = sorted(PITH.rglob("*.py"))


def test_every_room_is_in_the_table() -> None:
    assert {room_of(p) for p in FILES} - {"version"} == TABLE.keys()


@pytest.mark.parametrize("room", sorted(TABLE))
def test_imports(room: str) -> None:
    for path in FILES:
        if room_of(path) != room:
            continue
        for line, name in imports(path):
            to = name.split(".")[1] if "." in name else "__init__"
            if name in EVERYONES or to == room:
                continue
            assert to in TABLE[room], f"{path.relative_to(ROOT)}:{line} imports {name}"
            only = ONLY.get((room, to))
            assert only is None or name.startswith(only), f"{path.relative_to(ROOT)}:{line} imports {name}"


def test_the_table_has_no_circle() -> None:
    order: list[str] = []
    while len(order) < len(TABLE):
        ready = [r for r, below in TABLE.items() if r not in order and below <= set(order)]
        assert ready, sorted(set(TABLE) - set(order))
        order += ready


def test_the_page_shows_the_table() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| `pith/(\w+)/` \|.*\| ([^|]*) \|$", page, re.M)
    shown = {room: set(re.findall(r"`(\w+)`", may)) for room, may in rows}
    assert shown == {r: TABLE[r] for r in shown} and len(shown) >= 12


def test_no_file_is_longer_than_a_sitting() -> None:
    long = {str(p.relative_to(ROOT)): n for p in FILES if (n := len(p.read_text().splitlines())) > 500}
    assert not long


@pytest.mark.parametrize("room", ["ops", "passes", "kernels", "lower", "emit"])
def test_nobody_asks_for_the_name_of_a_target(room: str) -> None:
    """Comparisons of `isa.name` or `target.name` with a text: facts are asked instead."""
    for path in (PITH / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
                named = any(isinstance(s, ast.Attribute) and s.attr == "name" and "isa" in ast.unparse(s.value) for s in sides)
                target = any(isinstance(s, ast.Attribute) and s.attr == "name" and "target" in ast.unparse(s.value) for s in sides)
                assert not (named or target), f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}"

"""Every code block of the README and the documentation is run, or quotes a file of the project (see blocks.py)."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import (
    LANGUAGES,
    ROOT,
    SKIPPED_BLOCKS,
    SKIPPED_COMMANDS,
    blocks_of,
    commands_of,
    matches,
    name_of,
    run_page,
    skip_entry,
)

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*/README.md")])


@pytest.mark.parametrize("page", [p for p in PAGES if blocks_of(p)], ids=name_of)
def test_blocks_run(page: Path, tmp_path: Path) -> None:
    if "$ cmake " in page.read_text() and shutil.which("cmake") is None:
        pytest.skip("CMake is not installed")
    run_page(page, tmp_path)


def test_nothing_is_skipped_silently() -> None:
    """Every command and block on the lists is in a page, has a reason, and a `make` goal exists."""
    blocks = [(page, block) for page in PAGES for block in blocks_of(page)]
    entries = {entry for page, block in blocks if (entry := skip_entry(page, block))}
    assert entries == SKIPPED_BLOCKS.keys()
    shown = {command for _, block in blocks if block.language == "console" for command, _ in commands_of(block)}
    assert shown >= SKIPPED_COMMANDS.keys()
    assert all([*SKIPPED_BLOCKS.values(), *SKIPPED_COMMANDS.values()])
    goals = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    assert {c.removeprefix("make ") for c in SKIPPED_COMMANDS if c.startswith("make ")} <= set(goals)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_can_be_tested(page: Path) -> None:
    text = page.read_text()
    assert text.count("```") % 2 == 0
    for block in blocks_of(page):
        if skip_entry(page, block):
            continue
        assert block.language in LANGUAGES, f"{page.name}:{block.line}"
        assert block.language != "text" or not re.search(r"^\$ ", block.text, re.M), f"{page.name}:{block.line}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_page_is_reached_from_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "index.md" or f"({page.name})" in index, page.name


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        (["a", "...", "d"], ["a", "b", "c", "d"], True),
        (["a", "...", "d"], ["a", "b", "c"], False),
        (["took ... s"], ["took 1.5 s"], True),
        (["took ... s"], ["took 1.5 ms"], False),
        (["a  b"], ["a      b"], True),
        (["a"], ["a", "b"], False),
    ],
)
def test_comparison_of_output(expected: list[str], printed: list[str], same: bool) -> None:
    assert matches(expected, printed) is same


def test_operators_page_is_up_to_date() -> None:
    # in a process of its own: other tests register operators for themselves
    command = [sys.executable, "-m", "pith", "ops", "--markdown"]
    page = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert (ROOT / "docs" / "operators.md").read_text() == page, "run `make docs`"

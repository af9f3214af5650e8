"""docs/cli.md and the commands have the same options."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from pith.cli.main import app

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "cli.md").read_text()
SECTIONS = {title: text for title, text in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)}
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def _named(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", text))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_is_on_the_page(name: str) -> None:
    has = {option for p in COMMANDS[name].params for option in (*p.opts, *p.secondary_opts) if option.startswith("--")}
    shown = _named(SECTIONS.get(name, "")) | _named(SECTIONS["Options that several commands share"])
    assert not has - shown


def test_the_page_names_no_option_that_is_not_there() -> None:
    """Rows of each command's table; an option of another command may be named beside it."""
    everywhere = {option for c in COMMANDS.values() for p in c.params for option in (*p.opts, *p.secondary_opts)} | {"--help"}
    for name, command in COMMANDS.items():
        first = {o for row in re.findall(r"^\| (`-[^|]*) \|", SECTIONS.get(name, ""), re.M) for o in _named(row)}
        assert first <= {option for p in command.params for option in (*p.opts, *p.secondary_opts)}, name
    assert _named(PAGE) - {"--version"} <= everywhere

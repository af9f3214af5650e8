"""pith list: what can be named elsewhere."""

from __future__ import annotations

from fnmatch import fnmatchcase

import typer

from pith.cli.common import JsonOption, print_json, say
from pith.graph.errors import InputError


def command(
    kind: str = typer.Argument("models", help="models, recipes, targets, or a part of recipes: data, augments, tasks, optimizers, schedules, hooks"),
    pattern: str = typer.Argument("*", help="names that fit: * any text, ? any sign"),
    json: bool = JsonOption,
) -> None:
    """List the networks, the recipes and their parts, or the targets."""
    found = {name: what for name, what in _all(kind).items() if fnmatchcase(name, pattern)}
    if json:
        print_json(found)
        return
    width = max(map(len, found), default=0)
    for name, what in found.items():
        say(f"{name:<{width}}  {what}".rstrip())


def _all(kind: str) -> dict[str, str]:
    """Name -> one line."""
    if kind == "models":
        from pith import models

        return {name: models.describe(name).what for name in models.list_models()}
    if kind == "targets":
        from pith.targets.base import targets

        return targets()
    from pith.train.recipe import recipes
    from pith.train.registries import KINDS

    if kind == "recipes":
        return {name: path.read_text().splitlines()[0].removeprefix("# ") for name, path in recipes().items()}
    if kind not in KINDS:
        raise InputError(f"there is no list of {kind!r}", try_=", ".join(["models", "recipes", "targets", *KINDS]))
    return dict.fromkeys(KINDS[kind].names(), "")

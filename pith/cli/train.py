"""pith train: a recipe, run."""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path

import typer

from pith.cli.common import JsonOption, QuietOption, err, print_json, say, visible
from pith.graph.errors import UnsupportedError


def command(
    recipe: str = typer.Argument(help="a recipe: .yaml, .yml or .json file, or a name of `pith list recipes`", show_default=False),
    changes: list[str] = typer.Argument(None, help="changes of the recipe: optimizer.lr=0.1 train.epochs=5", show_default=False),
    output: Path = typer.Option(None, "--output", "-o", help="folder for log, checkpoints and final.pt \\[default: build/NAME]", show_default=False),
    resume: bool = typer.Option(False, "--resume", help="go on with the training in that folder, if there is one"),
    python: bool = typer.Option(False, "--python", help="allow recipes that are Python files: they are run"),
    show: bool = typer.Option(False, "--show", help="print the whole recipe and stop"),
    json: bool = JsonOption,
    quiet: bool = QuietOption,
) -> None:
    """Train a network as RECIPE says. Several processes: torchrun --nproc-per-node 2 -m pith train ..."""
    from pith.config import parse_overrides
    from pith.train.recipe import load

    cfg = load(recipe, parse_overrides(changes or []), python=python)
    if show:
        say(cfg.pretty_text.rstrip())
        return
    try:
        runner = importlib.import_module("pith.train.runner")
    except ImportError as error:
        raise UnsupportedError("training needs PyTorch", why=str(error), try_='pip install ".[train]" in the clone') from error
    folder = output or Path("build") / (cfg.name or Path(recipe).stem)
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_args, **_kw: err.print(visible(f"warning: {message}"))
        training = runner.Runner(cfg, folder, resume=resume, quiet=quiet or json)
        try:
            done = training.run()
        except KeyboardInterrupt:
            kept = "--resume goes on from the newest checkpoint" if training.kept() else "there is no checkpoint yet"
            err.print(visible(f"stopped after step {training.step} of {training.total}; {kept} in {folder}"), soft_wrap=True)
            raise
    if training.rank:
        return
    if json:
        print_json({**done, "output": str(folder)})
    else:
        say(f"{done['steps']} steps, ", *(f"{k} {v}, " for k, v in done.items() if k.startswith("val_")), "wrote ", (str(folder / "final.pt"), "bold"))

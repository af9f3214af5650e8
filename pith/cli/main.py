"""The command `pith`: a thin skin over the Python API. One file a command in this folder."""

from __future__ import annotations

import errno
import re
import signal
import sys

import typer

from pith.cli import bench, compile, inspect, ops, quantize, run, targets, train, verify
from pith.cli import list as listing
from pith.cli.common import fail
from pith.graph.errors import BuildError, PithError, disk_full
from pith.version import VERSION

app = typer.Typer(
    help="Pith compiles a trained neural network into a small C library that needs nothing else.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version(show: bool) -> None:
    if show:
        typer.echo(f"pith {VERSION}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="print the version and stop"
    ),
) -> None:
    pass


app.command("compile")(compile.command)
app.command("run")(run.command)
app.command("inspect")(inspect.command)
app.command("bench")(bench.command)
app.command("quantize")(quantize.command)
app.command("verify")(verify.command)
app.command("ops")(ops.command)
app.command("targets")(targets.command)
app.command("train")(train.command)
app.command("list")(listing.command)


def rejoin_braces(arguments: list[str]) -> list[str]:
    """Shells expand `--shape x=1x{3,5}` to `--shape x=1x3 x=1x5`: every such word becomes an option again."""
    joined: list[str] = []
    name = ""  # of the input whose shape was given last
    for k, word in enumerate(arguments):
        if k and arguments[k - 1] == "--shape":
            name = word.rpartition("=")[0]
        elif name and re.fullmatch(re.escape(name) + r"=\d+(x\d+)*", word):
            joined.append("--shape")
        else:
            name = ""
        joined.append(word)
    return joined


def main() -> None:
    """Entry point. Exit codes: 0 done, 1 a check did not hold, 2 the user's input was refused."""
    for ending in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C: nothing half-written stays
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    try:
        app(rejoin_braces(sys.argv[1:]), prog_name="pith")
    except PithError as e:
        fail(e)
    except OSError as e:
        fail(_of_system(e))


def _of_system(e: OSError) -> PithError:
    """What the operating system refused, as an error the user can act on."""
    if e.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(str(e.filename or ""), e.strerror or "")
    return BuildError(
        "a file cannot be read or written",
        where=str(e.filename or ""),
        why=e.strerror or str(e),
        try_="check the path and its permissions",
    )

"""The command `pith`: a thin skin over the Python API. One file a command in this folder."""

from __future__ import annotations

import errno
import os
import sys

import typer

from pith.cli import bench, compile, inspect, ops, run, targets
from pith.cli.common import fail
from pith.graph.errors import PithError
from pith.version import VERSION

app = typer.Typer(
    help="Pith compiles a trained neural network into a small C library that needs nothing else.",
    no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False,
)  # fmt: skip


def _version(show: bool) -> None:
    if show:
        typer.echo(f"pith {VERSION}")
        raise typer.Exit


@app.callback()
def _root(version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="print the version and stop")) -> None:
    pass


app.command("compile")(compile.command)
app.command("run")(run.command)
app.command("inspect")(inspect.command)
app.command("bench")(bench.command)
app.command("ops")(ops.command)
app.command("targets")(targets.command)


def main() -> None:
    """Entry point. Exit codes: 0 done, 1 a check did not hold, 2 the user's input was refused."""
    try:
        app()
    except PithError as e:
        fail(e)
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as e:
        if e.errno not in (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EDQUOT):
            raise
        from pith.graph.errors import BuildError

        fail(BuildError("cannot write" if e.errno != errno.ENOSPC else "the disk is full", where=str(e.filename or ""), why=e.strerror or str(e),
                        try_="free space or choose another place"))  # fmt: skip

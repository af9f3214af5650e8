"""What happens around the steps of a training: each hook one concern, called in the order of its priority (the smaller the earlier)."""

from __future__ import annotations

import contextlib
import csv
import importlib
import io
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pith.graph.errors import ConfigError, UnsupportedError
from pith.train.checkpoint import found
from pith.train.files import placed
from pith.train.settings import within

if TYPE_CHECKING:
    from pith.train.runner import Runner


class Hook:
    """Base: does nothing. `state` is kept in checkpoints (plain values and tensors) and given back to `restore`, before `before_run`."""

    priority = 50

    def before_run(self, run: Runner) -> None:
        """Once, after a checkpoint was restored."""

    def before_step(self, run: Runner) -> None:
        """Before the loss of a step."""

    def before_update(self, run: Runner) -> None:
        """Gradients are there, weights not yet changed."""

    def after_step(self, run: Runner) -> None:
        """run.step steps are done."""

    def after_epoch(self, run: Runner) -> None:
        """All samples were seen once more, or the training ends."""

    def after_run(self, run: Runner) -> None:
        """Also after an error."""

    def state(self) -> dict[str, Any]:
        """What a resumed training must know."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """The state of the checkpoint; empty where the hook was not there."""


class Rate(Hook):
    """The learning rate of each step."""

    priority = 10

    def before_step(self, run: Runner) -> None:
        """Sets it."""
        for group, base in zip(run.optimizer.param_groups, run.rates, strict=True):
            group["lr"] = base * run.schedule(run.step, run.total)


class Clip(Hook):
    """Gradients no longer than `norm` together."""

    priority = 30

    def __init__(self, norm: float = 1.0) -> None:
        """Raises ConfigError for a `norm` that is not above 0."""
        within("norm", norm, 0, above=True)
        self.norm = norm

    def before_update(self, run: Runner) -> None:
        """Shortens them."""
        run.fabric.clip_gradients(run.net, run.optimizer, max_norm=self.norm)


class ClipBinary(Hook):
    """The real numbers behind binary weights back to -1..1 after each step."""

    priority = 40

    def after_step(self, run: Runner) -> None:
        """Clips them."""
        from pith.train.binary import clip_weights

        clip_weights(run.module)


class Evaluate(Hook):
    """The score on data.val after every `every` epochs and at the end; into the log's row."""

    priority = 60

    def __init__(self, every: int = 1) -> None:
        """Raises ConfigError for an `every` below 1."""
        within("every", every, 1)
        self.every = every

    def after_epoch(self, run: Runner) -> None:
        """Measures."""
        if run.val is not None and (run.step == run.total or (run.step // run.per_epoch) % self.every == 0):
            run.row.update({f"val_{name}": f"{score:.6g}" for name, score in run.evaluate().items()})


class CsvLog(Hook):
    """log.csv: a row an epoch, or every `every` steps too. A resumed training drops the rows after its checkpoint."""

    priority = 90

    def __init__(self, every: int = 0) -> None:
        """Raises ConfigError for an `every` below 0."""
        within("every", every, 0)
        self.every = every
        self.rows: list[dict[str, str]] = []

    def before_run(self, run: Runner) -> None:
        """Reads what an earlier process wrote."""
        path = run.out / "log.csv"
        if run.step and path.is_file():
            with contextlib.suppress(ValueError, csv.Error):
                self.rows = [r for r in csv.DictReader(io.StringIO(path.read_text(errors="replace"))) if int(r["step"] or -1) <= run.step]

    def after_step(self, run: Runner) -> None:
        """A row with the loss of this step."""
        if self.every and run.step % self.every == 0 and run.step % run.per_epoch and run.step < run.total:
            self.add(run, {"loss": f"{run.loss:.9g}"})

    def after_epoch(self, run: Runner) -> None:
        """A row with the mean loss of the epoch and the score."""
        self.add(run, {"loss": f"{run.mean_loss():.9g}", **run.row})

    def add(self, run: Runner, more: dict[str, str]) -> None:
        """Writes the file anew, atomically: a kill leaves whole rows."""
        rate = run.optimizer.param_groups[0]["lr"]
        self.rows.append({"step": str(run.step), "epoch": f"{run.step / run.per_epoch:.4g}", "lr": f"{rate:.6g}", **more,
                          "seconds": f"{time.perf_counter() - run.began:.1f}"})  # fmt: skip
        if run.fabric.is_global_zero:
            names = list(dict.fromkeys(name for row in self.rows for name in row))
            with placed(run.out / "log.csv") as part, part.open("w", newline="") as file:
                writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
                writer.writeheader()
                writer.writerows(self.rows)


class TensorBoard(Hook):
    """Loss, rate and score for TensorBoard, in the output folder. Needs the package tensorboard."""

    priority = 91

    def before_run(self, run: Runner) -> None:
        """Opens the log; steps after the checkpoint are hidden."""
        try:
            module = importlib.import_module("torch.utils.tensorboard")
        except ImportError as error:
            raise UnsupportedError("the hook tensorboard needs TensorBoard", why=str(error), try_="pip install tensorboard") from error
        self.writer: Any = module.SummaryWriter(str(run.out), purge_step=run.step) if run.fabric.is_global_zero else None

    def after_step(self, run: Runner) -> None:
        """Loss and rate."""
        if self.writer is not None:
            self.writer.add_scalar("loss", run.loss, run.step)
            self.writer.add_scalar("lr", run.optimizer.param_groups[0]["lr"], run.step)

    def after_epoch(self, run: Runner) -> None:
        """The scores."""
        for name, value in run.row.items() if self.writer is not None else ():
            self.writer.add_scalar(name, float(value), run.step)

    def after_run(self, run: Runner) -> None:
        """Closes the log."""
        if getattr(self, "writer", None) is not None:
            self.writer.close()


class Bar(Hook):
    """A progress bar on a terminal, a line an epoch elsewhere; both on standard error."""

    priority = 95

    def before_run(self, run: Runner) -> None:
        """Opens it."""
        from rich.console import Console
        from rich.progress import Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        self.bar: Any = None
        self.console = Console(stderr=True, highlight=False, markup=False)
        if run.fabric.is_global_zero and self.console.is_terminal:
            columns = [*Progress.get_default_columns()[:3], TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("loss {task.fields[loss]}")]
            self.bar = Progress(*columns, console=self.console)
            self.task = self.bar.add_task(run.cfg.name or "train", total=run.total, completed=run.step, loss="")
            self.bar.start()

    def after_step(self, run: Runner) -> None:
        """Moves it."""
        if self.bar is not None:
            self.bar.update(self.task, completed=run.step, loss=f"{run.loss:.4f}")

    def after_epoch(self, run: Runner) -> None:
        """A line."""
        if run.fabric.is_global_zero:
            scores = "".join(f", {k} {v}" for k, v in run.row.items())
            self.console.print(f"step {run.step} of {run.total}: loss {run.mean_loss():.4f}{scores}")

    def after_run(self, run: Runner) -> None:
        """Closes it."""
        if getattr(self, "bar", None) is not None:
            self.bar.stop()


class Save(Hook):
    """Checkpoints, after everything else of a step: every `every` steps, or each epoch if 0; and at the end."""

    priority = 100

    def __init__(self, every: int) -> None:
        self.every = every

    def after_step(self, run: Runner) -> None:
        """Those inside an epoch."""
        if self.every and run.step % self.every == 0 and run.step % run.per_epoch and run.step < run.total:
            run.save()

    def after_epoch(self, run: Runner) -> None:
        """Those at its end."""
        if not self.every or run.step % self.every == 0 or run.step == run.total:
            run.save()


def check_folder(out: Path, resume: bool) -> None:
    """Raises ConfigError where a new training would mix with an old one, and for what cannot be a folder."""
    if blocking := next((p for p in (out, *out.parents) if p.exists() and not p.is_dir()), None):
        raise ConfigError("the output is a folder, and here is a file of that name", where=str(blocking), try_="another folder with -o")
    if not resume and out.is_dir() and (found(out) or (out / "recipe.yaml").exists()):
        raise ConfigError("the folder holds a training already", where=str(out), try_="--resume to go on with it, or another folder")

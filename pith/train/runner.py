"""Runs a recipe: model, data, optimizer and hooks, on Lightning Fabric (devices, precision, processes).

What happens in a step depends on the recipe and the number of the step only: the order of the samples and all random numbers come
from (seed, epoch) and (seed, step). So a training that was killed and resumed ends with the same weights, and processes share a batch
without changing it, but for batch normalisation, dropout and losses that are weighted within a batch, which are of each process's share.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import os
import time
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pith.config import Config
from pith.graph.errors import BuildError, ConfigError, PithError, UnsupportedError
from pith.train import checkpoint
from pith.train.data.sets import digest
from pith.train.files import first_line, placed
from pith.train.hooks import Bar, CsvLog, Evaluate, Hook, Rate, Save, check_folder
from pith.train.registries import AUGMENTS, DATA, HOOKS, OPTIMIZERS, SCHEDULES, TASKS
from pith.train.settings import built, network, within


class Diverged(PithError):
    """The loss is no number; the batch it came from was saved."""


class Runner:
    """One training. Attributes hooks may use: cfg, out, fabric, net, optimizer, rates, schedule, task, train, val, step, total, per_epoch, loss, row."""

    def __init__(self, cfg: Config, out: str | Path, *, resume: bool = False, quiet: bool = False, net: torch.nn.Module | None = None) -> None:
        """cfg: from `recipe.load`.  out: folder for log, checkpoints and final.pt.  net: is trained in place of `cfg.model`'s (a pruned one).

        Raises ConfigError for what cannot be built, and for network and data that do not fit: before the first step.
        """
        self.cfg, self.out, self.began = cfg, Path(out), time.perf_counter()
        check_folder(self.out, resume)
        if cfg.threads:
            torch.set_num_threads(cfg.threads)
        self.precision = usable(cfg.precision)
        self.fabric = _fabric(self.precision)
        self.world, self.rank = self.fabric.world_size, self.fabric.global_rank
        if cfg.data.batch % self.world:
            raise ConfigError(f"a batch of {cfg.data.batch} cannot be shared by {self.world} processes", where="data.batch")
        torch.manual_seed(cfg.seed)
        self.schedule = built(SCHEDULES, cfg.schedule, where="schedule")
        self.hooks: list[Hook] = [Rate(), Evaluate(), CsvLog(), *([] if quiet else [Bar()]), Save(cfg.checkpoint.every)]
        for k, described in enumerate(cfg.hooks):
            self._add_hook(described, f"hooks.{k}")
        self.task = built(TASKS, cfg.task, where="task")
        self.augment = built(AUGMENTS, cfg.data.augment, where="data.augment") if cfg.data.augment else None
        self.train = self._data("train")
        self.samples = digest(self.train.x, self.train.y)
        self.val: Any = self._data("val") if cfg.data.val else None
        if self.val is not None and not (torch.equal(self.train.mean, self.val.mean) and torch.equal(self.train.std, self.val.std)):
            warnings.warn("data.val has another mean or std than data.train: the scores are of other inputs than the network learns", stacklevel=2)
        self.per_epoch = len(self.train) // cfg.data.batch
        if not self.per_epoch:
            raise ConfigError(f"{len(self.train)} samples are less than a batch of {cfg.data.batch}", where="data")
        self.total: int = cfg.train.iterations or cfg.train.epochs * self.per_epoch
        if (warmup := getattr(self.schedule, "warmup", 0)) >= self.total:
            warnings.warn(f"schedule.warmup: {warmup} steps are not over when the training ends, after {self.total}: "
                          f"the rate gets to {self.total / (warmup + 1):.0%} of optimizer.lr", stacklevel=2)  # fmt: skip
        net = (network(cfg.model, "model") if net is None else net).train()
        self.task.prepare(self.fabric, net)
        self._check(net)
        if cfg.channels_last:
            net.to(memory_format=torch.channels_last)
        self._changed = strided_depthwise_in_floats(net) if self.precision == "bf16-mixed" else []
        optimizer = built(OPTIMIZERS, cfg.optimizer, [p for p in net.parameters() if p.requires_grad], where="optimizer")
        self.rates = [group["lr"] for group in optimizer.param_groups]
        self.step, self.loss, self.row = 0, 0.0, dict[str, str]()
        self._sum = [0.0, 0]
        self._order = -1, torch.zeros(0, dtype=torch.int64)
        self.module = net
        self.net, self.optimizer = self.fabric.setup(net, optimizer)
        self.resumed = self._restore() if resume else None  # into what has its device and precision already

    def _data(self, part: str) -> Any:
        data = built(DATA, self.cfg.data[part], where=f"data.{part}")
        if data.skipped:
            warnings.warn(f"data.{part}: {len(data.skipped)} could not be read and were skipped, {len(data)} are left", stacklevel=3)
        return data

    def _add_hook(self, described: Any, where: str) -> None:
        described = dict(described) if isinstance(described, dict) else described
        priority = described.pop("priority", None) if isinstance(described, dict) else None
        hook = built(HOOKS, described, where=where)
        if priority is not None:
            within("priority", priority, -1e6, 1e6, at=where)
            hook.priority = priority
        self.hooks = [h for h in self.hooks if type(h) is not type(hook)] + [hook]  # one that is there anyway is replaced

    def _check(self, net: torch.nn.Module) -> None:
        """Network and data, by two samples of each set."""
        net.eval()
        if self.val is not None and self.train.names and self.val.names and self.train.names != self.val.names:
            apart = sorted(set(self.train.names) ^ set(self.val.names))
            raise ConfigError("data.train and data.val have other classes", where="data.val", why=f"only one has {', '.join(apart[:8])}",
                              try_="the same folders in both, an empty one where there are no pictures")  # fmt: skip
        for data in (self.train, self.val):
            if data is None:
                continue
            try:
                with torch.no_grad():
                    output = net(data.floats(data.x[:2]))
            except Exception as error:  # whatever a network makes of inputs of a wrong shape
                raise ConfigError("the network cannot read the data", where="model", why=first_line(error)) from error
            self.task.check(output, data)
        net.train()
        if self.augment is not None:
            x = self.train.x[:2]
            if self.train.y.ndim > 2 and getattr(self.augment, "moves", False):
                raise ConfigError("these data cannot be varied like that", where="data.augment", why="inputs would move, what they should give would not",
                                  try_="what the data set itself varies, such as turn of sr_pairs")  # fmt: skip
            try:
                self.augment(x, torch.arange(len(x)), len(x), _generator(self.cfg.seed, 2, 0))
            except PithError:
                raise
            except Exception as error:  # what is for pictures gets sentences
                raise ConfigError("these data cannot be varied like that", where="data.augment", why=first_line(error)) from error

    def run(self) -> dict[str, Any]:
        """Trains to the end. Returns steps, loss and the last scores. Raises Diverged for a loss that is no number."""
        before = self._claim() if self.rank == 0 else None
        self.fabric.barrier()
        self.hooks.sort(key=lambda hook: hook.priority)
        if self.resumed:
            self._restore_hooks(self.resumed)
        try:
            self._call("before_run")
            while self.step < self.total:
                self._step()
        finally:
            self._call("after_run")
            for module in self._changed:
                del module.forward
            if self.rank == 0 and not self.kept():  # nothing was made
                self._release(before)
        self.task.finish(self.module)
        if self.rank == 0:
            checkpoint.write(self.out / "final.pt", self.module.state_dict())
        self.fabric.barrier()
        return {"steps": self.step, "loss": self.loss, **{k: _number(v) for k, v in self.row.items()}}

    def _claim(self) -> bytes | None:
        """From now on the folder is this training's: its recipe says so. Returns what that file was, if there was one. Raises ConfigError."""
        recipe = self.out / "recipe.yaml"
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            before = recipe.read_bytes() if recipe.exists() else None
        except OSError as error:
            raise ConfigError("the output folder cannot be made", where=str(self.out), why=error.strerror or "", try_="another with -o") from error
        if not self.resumed or before is None:
            with placed(recipe) as part:
                part.write_text(self.cfg.pretty_text, encoding="utf-8")
        return before

    def _release(self, before: bytes | None) -> None:
        """The folder is free for the next try, or what it was where a training had ended."""
        recipe = self.out / "recipe.yaml"
        if before is None or not (self.out / "final.pt").exists():
            recipe.unlink(missing_ok=True)
        else:
            with placed(recipe) as part:
                part.write_bytes(before)

    def _step(self) -> None:
        torch.manual_seed((self.cfg.seed * 1_000_003 + self.step) * self.world + self.rank)
        if self.step % self.per_epoch == 0:
            self.row = {}
        self._call("before_step")
        x, y, indices = self.batch(self.step)
        loss = self.task.loss(self.net, x, y)
        self.loss = float(self.fabric.all_reduce(loss.detach(), reduce_op="mean")) if self.world > 1 else float(loss.detach())
        if not abs(self.loss) < float("inf"):
            self._stop(x, y, indices)
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self._call("before_update")
        self.optimizer.step()
        self.step += 1
        self._sum = [self._sum[0] + self.loss, self._sum[1] + 1]
        self._call("after_step")
        if self.step % self.per_epoch == 0 or self.step == self.total:
            ends = self._sum
            self._sum = [0.0, 0]  # what the next epoch begins with is what a checkpoint of this moment holds
            self._ended = ends
            self._call("after_epoch")

    def batch(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """This process's share of the batch of a step: inputs, what they should give, which samples they are."""
        epoch, position = divmod(step, self.per_epoch)
        size = self.cfg.data.batch
        if self._order[0] != epoch:
            self._order = epoch, self.train.order(_generator(self.cfg.seed, 1, epoch), size)
        rows = torch.arange(self.rank, size, self.world)
        indices = self._order[1][position * size : (position + 1) * size][rows]
        x, y = self.train.x[indices], self.train.y[indices]
        if self.augment is not None:
            x = self.augment(x, rows, size, _generator(self.cfg.seed, 2, step))
        return (*self.fabric.to_device((self._floats(self.train, x), y)), indices)

    def _floats(self, data: Any, x: Tensor) -> Tensor:
        x = data.floats(x)
        return x.contiguous(memory_format=torch.channels_last) if self.cfg.channels_last and x.ndim == 4 else x

    def evaluate(self) -> dict[str, float]:
        """The scores over data.val, in evaluation mode."""
        self.net.eval()
        size, sums = self.cfg.data.batch, dict[str, list[float]]()
        dtype = next((p.dtype for p in self.module.parameters() if p.is_floating_point()), torch.float32)
        with torch.no_grad():
            for start in range(0, len(self.val), size * self.world):
                at = start + self.rank * size
                if at >= len(self.val):  # the others had the last ones
                    continue
                x, y = self.fabric.to_device((self._floats(self.val, self.val.x[at : at + size]), self.val.y[at : at + size]))
                x = x.to(dtype) if x.is_floating_point() else x  # 64-true; where products alone are in bfloat16, scores are float32's
                for name, (total, count) in self.task.scores(self.module, x, y).items():
                    sums[name] = [a + b for a, b in zip(sums.get(name, [0.0, 0.0]), (total, count), strict=True)]
        self.net.train()
        if self.world > 1:
            gathered: list[Any] = [None] * self.world
            torch.distributed.all_gather_object(gathered, sums)
            names = dict.fromkeys(name for part in gathered for name in part)
            sums = {n: [sum(part.get(n, [0.0, 0.0])[k] for part in gathered) for k in (0, 1)] for n in names}
        return {name: total / max(count, 1e-30) for name, (total, count) in sums.items()}

    def mean_loss(self) -> float:
        """Over the epoch that ended, as far as it ran."""
        return float(self._ended[0] / max(1, self._ended[1]))

    def _stop(self, x: Tensor, y: Tensor, indices: Tensor) -> None:
        path = self.out / ("nan_batch.pt" if self.world == 1 else f"nan_batch_{self.rank}.pt")
        why = "the batch is in that file, with the numbers of its samples"
        try:
            checkpoint.write(path, {"x": x.cpu(), "y": y.cpu(), "indices": indices, "step": self.step, "loss": self.loss})
        except BuildError as error:
            why = f"the batch could not be kept in that file: {error.why}"
        anew = "; anew in another folder, with -o" if self.kept() else ""
        raise Diverged(f"the loss is {self.loss} in step {self.step}", where=str(path), why=why,
                       try_=f"a smaller optimizer.lr, a longer schedule.warmup, or {_clipped(self.cfg.hooks)}{anew}")  # fmt: skip

    def save(self) -> None:
        """A checkpoint of this moment."""
        if self.rank == 0:
            scaler = self.fabric.strategy.precision.state_dict()
            state = {"step": self.step, "net": self.module.state_dict(), "optimizer": self.optimizer.state_dict(), "scaler": scaler, "loss": self.loss,
                     "sum": self._sum, "row": self.row, "hooks": {type(h).__name__: h.state() for h in self.hooks},
                     "random": checkpoint.random_state(), "recipe": self.cfg.pretty_text, "precision": self.precision, "data": self.samples}  # fmt: skip
            checkpoint.save(self.out, self.step, state, self.cfg.checkpoint.keep)
        self.fabric.barrier()

    def kept(self) -> bool:
        """Whether there is a checkpoint to go on from."""
        return bool(checkpoint.found(self.out))

    def _restore(self) -> dict[str, Any] | None:
        if self.rank == 0:
            checkpoint.tidy(self.out)
        state, complaints = checkpoint.newest(self.out)
        for complaint in complaints:
            warnings.warn(complaint, stacklevel=2)
        if state is None:
            return None
        if state["recipe"] != self.cfg.pretty_text:
            pairs = zip(self.cfg.pretty_text.splitlines(), state["recipe"].splitlines(), strict=False)
            changed = next((f"{new.strip()} (it was {old.strip()})" for new, old in pairs if new != old), "one is longer")
            raise ConfigError(
                "the training in this folder had another recipe", where=str(self.out), why=changed, try_="the same recipe, or another folder"
            )
        if (was := state.get("precision", self.precision)) != self.precision:
            raise ConfigError(
                f"the training in this folder is in {was}, on this machine it would go on in {self.precision}", where=str(self.out),
                why="the recipe says bf16-if-fast", try_=f"a machine like the one it began on, or begin anew with precision={was}",
            )  # fmt: skip
        if (was := state.get("data", self.samples)) != self.samples:
            raise ConfigError("the training in this folder had other data", where="data.train", why=f"{was}; now {self.samples}",
                              try_="the same data, or another folder with -o")  # fmt: skip
        self.module.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        if state["scaler"]:
            self.fabric.strategy.precision.load_state_dict(state["scaler"])
        self.step, self.loss, self._sum, self.row = state["step"], state["loss"], state["sum"], state["row"]
        return state

    def _restore_hooks(self, state: dict[str, Any]) -> None:
        for hook in self.hooks:
            hook.restore(state.get("hooks", {}).get(type(hook).__name__, {}))
        checkpoint.restore_random(state["random"])

    def _call(self, name: str) -> None:
        for hook in self.hooks:
            getattr(hook, name)(self)


def _generator(seed: int, stream: int, number: int) -> torch.Generator:
    return torch.Generator().manual_seed((seed * 4 + stream) * (1 << 31) + number)


def _number(text: str) -> float | str:
    """What a hook wrote into the row of the log, as a number where it is one."""
    try:
        return float(text)
    except ValueError:
        return text


def usable(precision: str) -> str:
    """What `bf16-if-fast` is on this machine: `bf16-mixed` with a GPU or processor that multiplies bfloat16, else `32-true`, since PyTorch
    imitates bfloat16 in 4 times the time of float32 elsewhere. Others are themselves."""
    if precision != "bf16-if-fast":
        return precision
    able: dict[str, Any] = torch.cpu.get_capabilities()
    fast = (torch.cuda.is_available() and torch.cuda.is_bf16_supported()) or any(able.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    return "bf16-mixed" if fast else "32-true"


def _fabric(precision: str) -> Any:
    try:
        fabric = importlib.import_module("lightning_fabric")
    except ImportError as error:
        raise UnsupportedError("training needs Lightning Fabric", why=str(error), try_='pip install ".[train]" in the clone') from error
    options: dict[str, Any] = {"devices": 1}
    if "TORCHELASTIC_RUN_ID" in os.environ:  # torchrun
        local = int(os.environ["LOCAL_WORLD_SIZE"])
        options = {"devices": local, "num_nodes": int(os.environ["WORLD_SIZE"]) // local, "strategy": "ddp"}
    made = fabric.Fabric(accelerator="auto", precision=precision, **options)
    made.launch()
    if made.world_size > 1:  # Lightning does so for NCCL alone; threads of gloo that still run when the process ends may abort it
        atexit.register(_leave)
    return made


def _leave() -> None:
    """Ends the group of processes."""
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def strided_depthwise_in_floats(net: torch.nn.Module) -> list[Any]:
    """Depthwise convolutions with a stride leave bfloat16 for float32, in place: on a processor PyTorch's gradient of them is fifty times
    slower in bfloat16. Returns them; `del module.forward` undoes it."""
    found: list[Any] = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d) and 1 < m.groups == m.in_channels and max(m.stride) > 1]
    for module in found:
        module.forward = functools.partial(_in_floats, module.forward)
    return found


def _in_floats(forward: Any, x: Tensor) -> Tensor:
    with torch.autocast(x.device.type, enabled=False):
        y: Tensor = forward(x.float())
    return y.to(x.dtype)


def _clipped(hooks: list[dict[str, Any]]) -> str:
    """How to clip gradients: as a word for a shell, where there are no other hooks."""
    if any(hook["type"] == "clip" for hook in hooks):
        return "a smaller norm of the hook clip"
    return "{type: clip} among the hooks" if hooks else "'hooks=[{type: clip}]'"

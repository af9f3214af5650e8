"""Trains the MobileNeXt for CIFAR-10 that ``recipe.yaml`` describes.

    python examples/mobilenext_cifar10/train.py --out build/mobilenext_cifar10

Writes ``model.pt`` (averaged weights, configuration, classes, normalisation), ``log.csv`` and ``checkpoint.pt``
(``--resume`` goes on from it). The weights kept are those at the end of the schedule: the test pictures choose nothing.
To choose settings, hold training pictures out: ``--hold-out 2500`` trains on the others and measures on these.
"""

from __future__ import annotations

import argparse
import copy
import csv
import math
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing
import yaml
from torch import Tensor, nn
from torch.nn import functional as F

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from data import augment, data_root, load_split, normalise, resized  # noqa: E402

from pith.models.cost import count  # noqa: E402
from pith.models.mobilenext import MobileNeXt, cifar_config  # noqa: E402


def orthogonal(matrix: Tensor, steps: int = 5) -> Tensor:
    """Nearly the orthogonal factor of ``matrix`` (r, c): the quintic Newton-Schulz iteration of the Muon optimiser."""
    x = matrix / (matrix.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.t() if tall else x
    for _ in range(steps):
        gram = x @ x.t()
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x.t() if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum whose steps are made orthogonal, for pointwise convolutions followed by batch normalisation.

    The length of such a weight means nothing, so it is kept: a step turns the matrix by the fraction ``lr`` of its
    norm.
    """

    def __init__(self, params: list[nn.Parameter], lr: float, momentum: float) -> None:
        """Takes weights of shape (C_out, C_in, 1, 1)."""
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                buffer = self.state[p].setdefault("momentum", torch.zeros_like(p.grad))
                buffer.lerp_(p.grad, 1 - group["momentum"])
                update = orthogonal(p.grad.lerp(buffer, group["momentum"]).flatten(1))
                length = p.norm()
                p.sub_(update.view_as(p) * (group["lr"] * length / (update.norm() + 1e-7)))
                p.mul_(length / p.norm())


def optimizers(net: MobileNeXt, how: dict[str, Any]) -> list[torch.optim.Optimizer]:
    """The optimisers of the recipe's section ``optimizer``."""
    points = {m.weight for m in net.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1)}
    muon = [p for p in net.parameters() if p in points] if how["name"] == "muon" else []
    rest = [p for p in net.parameters() if not any(p is q for q in muon)]
    groups = [
        {"params": [p for p in rest if p.ndim > 1], "weight_decay": how["weight_decay"]},
        {"params": [p for p in rest if p.ndim <= 1], "weight_decay": 0.0},
    ]
    made: list[torch.optim.Optimizer] = [torch.optim.SGD(groups, lr=how["lr"], momentum=how["momentum"], nesterov=True)]
    return [*made, Muon(muon, how["muon_lr"], how["muon_momentum"])] if muon else made


def rate(part: float, warmup: float) -> float:
    """Learning rate at ``part`` (0..1) of the training, over the highest: linear warm-up, then half a cosine."""
    return part / warmup if part < warmup else 0.5 * (1 + math.cos(math.pi * (part - warmup) / (1 - warmup)))


@torch.no_grad()
def accuracy(net: nn.Module, pictures: Tensor, labels: Tensor, recipe: dict[str, Any], device: torch.device) -> float:
    """Share of ``pictures`` (uint8) that ``net`` names right, in float32."""
    net.eval()
    right = 0
    for start in range(0, len(pictures), 250):
        x = pictures[start : start + 250].to(device).float() / 255
        logits = net(normalise(x, recipe["data"]["mean"], recipe["data"]["std"]))
        right += int((logits.argmax(1).cpu() == labels[start : start + 250]).sum())
    return right / len(pictures)


def step_loss(
    run: nn.Module, x: Tensor, y: Tensor, recipe: dict[str, Any], mix: torch.distributions.Beta | None
) -> tuple[Tensor, Tensor]:
    """Loss and logits of one batch, mixed with its own reverse if ``mix``."""
    smoothing = recipe["optimizer"]["label_smoothing"]
    if mix is None:
        logits = run(x).float()
        return F.cross_entropy(logits, y, label_smoothing=smoothing), logits
    share = float(mix.sample())
    logits = run(x * share + x.flip(0) * (1 - share)).float()
    first, second = (F.cross_entropy(logits, t, label_smoothing=smoothing) for t in (y, y.flip(0)))
    return share * first + (1 - share) * second, logits


def share_gradients(net: nn.Module, world: int) -> None:
    """Replaces every gradient by its mean over all processes, in one message."""
    grads = [p.grad for p in net.parameters() if p.grad is not None]
    flat = torch.cat([g.flatten() for g in grads])
    dist.all_reduce(flat)
    for g, mean in zip(grads, (flat / world).split([g.numel() for g in grads]), strict=True):
        g.copy_(mean.view_as(g))


def train(
    recipe: dict[str, Any],
    out: Path,
    *,
    resume: bool = False,
    hold_out: int = 0,
    limit: int = 0,
    stop: int = 0,
    rank: int = 0,
) -> float:
    """Trains; returns the accuracy at the end. ``limit`` uses so many training pictures only; ``stop`` ends after that
    epoch.

    With ``processes: n`` in the recipe, this is process ``rank`` of ``n``: each takes its part of every batch, with its
    own batch statistics, and all take the same step. Process 0 measures and writes.
    """
    world = recipe["processes"]
    schedule, how = recipe["schedule"], recipe["optimizer"]
    cuda = torch.cuda.is_available() if recipe["device"] == "auto" else recipe["device"] == "cuda"
    device = torch.device("cuda" if cuda else "cpu")
    kernels = not cuda if recipe["engine"] == "auto" else recipe["engine"] == "kernels"
    torch.set_num_threads(recipe["threads"])
    torch.manual_seed(recipe["seed"])

    pictures, labels, classes = load_split(data_root() / recipe["data"]["train"])
    test, test_labels, _ = load_split(data_root() / recipe["data"]["test"])
    order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(0))
    if hold_out:
        held, order = order[:hold_out], order[hold_out:]
        test, test_labels = pictures[held], labels[held]
    order = order[:limit] if limit else order
    pictures, labels = pictures[order].to(device), labels[order].to(device)

    config = cifar_config(**{k: tuple(map(tuple, v)) if k == "stages" else v for k, v in recipe["model"].items()})
    net = MobileNeXt(config).to(device)
    cost = count(net.cpu(), (1, 3, 32, 32))
    net.to(device, memory_format=torch.channels_last)
    averaged = copy.deepcopy(net).requires_grad_(False)
    if kernels:
        from cpu_kernels import Fast

        run: nn.Module = Fast(net)
    else:
        run = torch.compile(net) if cuda else net  # type: ignore[assignment]
    optims = optimizers(net, how)
    highest = [[group["lr"] for group in optim.param_groups] for optim in optims]
    mix = (
        torch.distributions.Beta(recipe["augment"]["mixup"], recipe["augment"]["mixup"])
        if recipe["augment"]["mixup"]
        else None
    )
    if not rank:
        where = f"{device}, kernels={kernels}, {world} processes"
        print(f"{cost.params:,} parameters, {cost.macs:,} MACs, {len(pictures):,} pictures, {where}", flush=True)
    out.mkdir(parents=True, exist_ok=True)
    batch, epochs = schedule["batch"], schedule["epochs"]
    per_epoch = len(pictures) // batch
    first, rows, score = 0, [], 0.0
    if resume:
        state = torch.load(out / "checkpoint.pt", weights_only=True)
        net.load_state_dict(state["net"])
        averaged.load_state_dict(state["averaged"])
        for optim, saved in zip(optims, state["optims"], strict=True):
            optim.load_state_dict(saved)
        first, rows = state["epoch"], state["rows"]
    for epoch in range(first, min(stop, epochs) if stop else epochs):
        began = time.perf_counter()
        generator = torch.Generator(device).manual_seed(recipe["seed"] * 100003 + epoch)
        shuffled = torch.randperm(len(pictures), generator=generator, device=device)
        generator.manual_seed((recipe["seed"] * 100003 + epoch) * world + rank)
        net.train()
        size = [s for start, s in schedule["sizes"] if start <= epoch / epochs][-1]
        total, right = 0.0, 0
        for index in range(per_epoch):
            part = (epoch * per_epoch + index) / (epochs * per_epoch)
            for optim, tops in zip(optims, highest, strict=True):
                for group, top in zip(optim.param_groups, tops, strict=True):
                    group["lr"] = top * rate(part, schedule["warmup"])
            chosen = shuffled[index * batch : (index + 1) * batch][rank::world]
            x = augment(pictures[chosen].float() / 255, recipe["augment"], generator)
            x = normalise(resized(x, size), recipe["data"]["mean"], recipe["data"]["std"])
            y = labels[chosen]
            with torch.autocast(device.type, torch.bfloat16, enabled=not kernels):
                loss, logits = step_loss(run, x.contiguous(memory_format=torch.channels_last), y, recipe, mix)
            for optim in optims:
                optim.zero_grad()
            loss.backward()
            if world > 1:
                share_gradients(net, world)
            for optim in optims:
                optim.step()
            done = epoch * per_epoch + index
            keep = min(how["ema"], (1 + done) / (10 + done))
            with torch.no_grad():
                for a, b in zip(averaged.state_dict().values(), net.state_dict().values(), strict=True):
                    a.lerp_(b, 1 - keep) if a.is_floating_point() else a.copy_(b)
            total += float(loss.detach())
            right += int((logits.argmax(1) == y).sum())
        if rank:
            continue
        last = epoch + 1 == epochs
        tested = last or (epoch + 1) % schedule.get("test_every", 5) == 0
        score = accuracy(averaged, test, test_labels, recipe, device) if tested else score
        rows.append(
            {
                "epoch": epoch + 1,
                "size": size,
                "lr": f"{rate((epoch + 1) / epochs, schedule['warmup']) * how['lr']:.5f}",
                "train_loss": f"{total / per_epoch:.4f}",
                "train_accuracy": f"{right / (per_epoch * batch // world):.4f}",
                "test_accuracy": f"{score:.4f}" if tested else "",
                "seconds": f"{time.perf_counter() - began:.1f}",
            }
        )
        print(" ".join(f"{key}={value}" for key, value in rows[-1].items()), flush=True)
        with (out / "log.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        saved = [optim.state_dict() for optim in optims]
        state = {
            "net": net.state_dict(),
            "averaged": averaged.state_dict(),
            "optims": saved,
            "epoch": epoch + 1,
            "rows": rows,
        }
        torch.save(state, out / "checkpoint.part")
        (out / "checkpoint.part").replace(out / "checkpoint.pt")
        torch.save(
            {
                "weights": averaged.state_dict(),
                "config": {**asdict(config), "stages": [list(stage) for stage in config.stages]},
                "classes": classes,
                "mean": recipe["data"]["mean"],
                "std": recipe["data"]["std"],
                "epoch": epoch + 1,
            },
            out / "model.pt",
        )
    return score


def worker(rank: int, recipe: dict[str, Any], out: Path, options: dict[str, Any]) -> None:
    """One of several processes on one machine."""
    store = dist.FileStore(str(out / "meeting_point"), recipe["processes"])
    dist.init_process_group("gloo", store=store, rank=rank, world_size=recipe["processes"])
    train(recipe, out, rank=rank, **options)
    dist.destroy_process_group()


def main() -> None:
    """Reads the command line and trains."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--recipe", type=Path, default=HERE / "recipe.yaml")
    parser.add_argument("--out", type=Path, default=Path("build/mobilenext_cifar10"))
    parser.add_argument("--resume", action="store_true", help="go on from checkpoint.pt in the output folder")
    parser.add_argument(
        "--hold-out", type=int, default=0, help="measure on so many training pictures instead of the test pictures"
    )
    parser.add_argument("--limit", type=int, default=0, help="train on so many pictures only")
    parser.add_argument("--stop", type=int, default=0, help="end after this epoch of the schedule")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="change one value of the recipe"
    )
    arguments = parser.parse_args()
    recipe = yaml.safe_load(arguments.recipe.read_text())
    for change in arguments.set:
        key, _, value = change.partition("=")
        *sections, name = key.split(".")
        place = recipe
        for section in sections:
            place = place[section]
        place[name] = yaml.safe_load(value)
    options = {
        "resume": arguments.resume,
        "hold_out": arguments.hold_out,
        "limit": arguments.limit,
        "stop": arguments.stop,
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    if recipe["processes"] == 1:
        train(recipe, arguments.out, **options)
    else:
        (arguments.out / "meeting_point").unlink(missing_ok=True)
        torch.multiprocessing.spawn(worker, (recipe, arguments.out, options), nprocs=recipe["processes"])


if __name__ == "__main__":
    main()

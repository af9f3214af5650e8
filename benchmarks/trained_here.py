"""Networks trained here by recipe (CIFAR-10, spoken digits), then tested as compiled C on the test samples.

`python -m benchmarks.trained_here EXPERIMENT [--seeds 0,1,2] [--variants RECIPES] [--runs FOLDER]`   (EXPERIMENTS has their names)

Each variant of an experiment is a recipe of `pith train`, run with each seed; nothing is chosen by the test pictures: a network is the
one after the last step. A row for each is added to benchmarks/results/trained_EXPERIMENT.csv and its epochs to trained_here_log.csv as soon
as it is done; what stands there is not trained again, and a run that was stopped goes on from its checkpoint in the folder of runs.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import pith
from benchmarks.training_log import RESULTS, append, rows, stamp, wilson
from pith import models
from pith.config import Config
from pith.models.cost import count
from pith.train import binary
from pith.train.recipe import load
from pith.train.registries import DATA
from pith.train.runner import Runner

EXPERIMENTS = {
    "distillation": {"alone": "resnet8_cifar10", "taught by ResNet-20": "resnet8_distilled"},
    "distillation_few": {"alone": "resnet8_few", "taught by ResNet-20": "resnet8_few_distilled"},
    "mobilenext": {"MobileNetV2": "mobilenet_v2_small", "MobileNeXt": "mobilenext_small", "MobileNeXt, identity 1/2": "mobilenext_small_half"},
    "mobilenext_fine": {"MobileNetV2": "mobilenet_v2_fine", "MobileNeXt": "mobilenext_fine", "MobileNeXt, identity 1/2": "mobilenext_fine_half",
                        "MobileNeXt, blocks of the paper": "mobilenext_fine_paper"},
    "mobilenext_long": {"MobileNetV2": "mobilenet_v2_long", "MobileNeXt": "mobilenext_long", "MobileNeXt, identity 1/2": "mobilenext_long_half"},
    "binary": {"real": "vgg_cifar10", "binary": "bnn_vgg_cifar10"},
    "digits": {"DS-CNN": "ds_cnn_digits"},
}
LOG = RESULTS / "trained_here_log.csv"


def table(experiment: str) -> Path:
    """Where its results are."""
    return RESULTS / f"trained_{experiment}.csv"


def trained(cfg: Config, out: Path, net: nn.Module | None = None) -> nn.Module:
    """The network after the last step of a recipe, in evaluation mode; goes on with what is in `out`, where it was stopped."""
    runner = Runner(cfg, out, resume=out.exists(), net=net)
    runner.run()
    return runner.module.cpu().eval()


def fresh(cfg: Config, weights: Path) -> nn.Module:
    """The recipe's network with the weights of a file, as `pith.models` makes it."""
    settings = {k: v for k, v in cfg.model.items() if k not in ("type", "pretrained")}
    net: nn.Module = models.create(cfg.model.type, pretrained=weights, **settings)
    return binary.frozen(net) if binary.layers(net) else net


def tested(net: nn.Module, described: dict[str, Any]) -> tuple[int, int, int, tuple[int, ...]]:
    """How many of the samples of a data set compiled C gets right, of how many, and how many of its answers are not PyTorch's; the
    shape of a sample."""
    data = DATA.build(described)
    session = pith.from_torch(net, data.floats(data.x[:100]))
    right = differ = 0
    for part, labels in zip(data.x.split(100), data.y.split(100), strict=True):
        x = data.floats(part)
        with torch.no_grad():
            theirs = net(x).argmax(1).numpy()
        ours = np.asarray(session(x.numpy())).argmax(1)
        right += int((ours == labels.numpy()).sum())
        differ += int((ours != theirs).sum())
    return right, len(data), differ, tuple(x.shape[1:])


def cost_row(net: nn.Module, shape: tuple[int, ...] = (3, 32, 32)) -> dict[str, object]:
    """Parameters, and multiply-accumulates for a sample of that shape."""
    cost = count(net, (1, *shape))
    return {"parameters": cost.params, "macs": cost.macs}


def record(experiment: str, variant: str, cfg: Config, net: nn.Module, out: Path) -> None:
    """Tests the network as compiled C and adds its rows."""
    whole = {"limit": 0} if "limit" in cfg.data.train else {}
    right, n, differ, shape = tested(net, {**cfg.data.train, "split": "test", **whole})
    low, high = wilson(right, n)
    with (out / "log.csv").open(newline="") as f:
        log = list(csv.DictReader(f))
    append(table(experiment), {"variant": variant, "seed": cfg.seed, "epochs": cfg.train.epochs, **cost_row(net, shape),
                               "right": right, "n": n, "low": f"{low:.5f}", "high": f"{high:.5f}", "not_as_torch": differ, **stamp()})  # fmt: skip
    for row in log:
        append(LOG, {"experiment": experiment, "variant": variant, "seed": cfg.seed, "epoch": row["epoch"], "loss": row["loss"],
                     "seconds": row["seconds"]})  # fmt: skip
    print(f"{experiment}: {variant}, seed {cfg.seed}: {right / n:.2%} ({low:.2%} to {high:.2%}) through compiled C; {differ} are not PyTorch's", flush=True)


def is_done(experiment: str, variant: str, cfg: Config) -> bool:
    """Whether its row is there. Raises SystemExit where that is of another number of epochs, which are not to be averaged."""
    for r in rows(table(experiment)):
        if (r["variant"], r["seed"]) == (variant, str(cfg.seed)):
            if r["epochs"] != str(cfg.train.epochs):
                raise SystemExit(f"{table(experiment)}: {variant}, seed {cfg.seed} is of {r['epochs']} epochs, not {cfg.train.epochs}: remove the row")
            return True
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("experiment", choices=EXPERIMENTS)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--variants", help="some of them, by the recipes' names")
    parser.add_argument("--runs", type=Path, default=Path("build/trained_here"), help="checkpoints and weights")
    a = parser.parse_args()
    known = EXPERIMENTS[a.experiment]
    chosen = a.variants.split(",") if a.variants else list(known.values())
    if strange := sorted(set(chosen) - set(known.values())):
        parser.error(f"{a.experiment} has no recipe {strange[0]!r}, but {', '.join(known.values())}")
    for seed in map(int, a.seeds.split(",")):
        for variant, recipe in known.items():
            cfg = load(recipe, {"seed": seed})
            if recipe not in chosen or is_done(a.experiment, variant, cfg):
                continue
            out = a.runs / f"{recipe}_{seed}"
            trained(cfg, out)
            record(a.experiment, variant, cfg, fresh(cfg, out / "final.pt"), out)


if __name__ == "__main__":
    main()

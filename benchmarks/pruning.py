"""A MobileFaceNet-like classifier of CIFAR-10 pruned to 0.36 of its multiply-accumulates and trained on, then tested as compiled C.

`python -m benchmarks.pruning [--seeds 0] [--share 0.36] [--runs FOLDER]`   (needs torch, torch-pruning; PITH_DATA)
`python -m benchmarks.pruning --curve FILE`   draws how much each group of channels minds (needs matplotlib)

The whole network is the recipe mobilefacenet_cifar10; channels go by Taylor scores over training pictures, and what is left is trained on
by mobilefacenet_pruned, with the whole network as its teacher. Beside it stands the whole network trained on (mobilefacenet_tuned), for
fewer epochs. The test pictures choose nothing. Rows as in `benchmarks.trained_here`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.trained_here import fresh, is_done, record, trained
from pith.config import Config
from pith.train import prune
from pith.train.recipe import load
from pith.train.registries import DATA

EXAMPLE = torch.zeros(1, 3, 32, 32)


def sample(cfg: Config, each: int) -> Any:
    """So many training pictures of each class, as floats, and labels; in a fixed mixed order."""
    data = DATA.build({**cfg.data.train, "limit": each})
    order = torch.randperm(len(data), generator=torch.Generator().manual_seed(0))
    return data.floats(data.x[order]), data.y[order]


def pruned(net: nn.Module, cfg: Config, share: float) -> nn.Module:
    """At most `share` of the multiply-accumulates, numbers of channels a multiple of 4."""
    x, labels = sample(cfg, 100)
    cost = prune.macs(EXAMPLE)
    batches = list(zip(x.split(100), labels.split(100), strict=True))
    return prune.to_budget(net, EXAMPLE, cost, share * cost(net), "taylor", multiple=4, batches=batches, loss=F.cross_entropy)


def curve(net: nn.Module, cfg: Config, picture: Path) -> None:
    """Accuracy on 1,000 training pictures with a share of one group's channels gone."""
    x, labels = sample(cfg, 100)

    def accuracy(n: nn.Module) -> float:
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            return float(100 * (n.eval()(x).argmax(1) == labels).double().mean())

    found = prune.sensitivity(net, EXAMPLE, accuracy, "magnitude", shares=(0.25, 0.5, 0.75))
    prune.draw(found, picture, "accuracy on 1,000 training pictures, %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--share", type=float, default=0.36)
    parser.add_argument("--runs", type=Path, default=Path("build/trained_here"), help="checkpoints and weights")
    parser.add_argument("--curve", type=Path, help="draw the curves of the first seed, train nothing")
    a = parser.parse_args()
    torch.set_num_threads(1)
    for seed in map(int, a.seeds.split(",")):
        cfg, tuned, taught = (load(name, {"seed": seed}) for name in ("mobilefacenet_cifar10", "mobilefacenet_tuned", "mobilefacenet_pruned"))
        out = a.runs / f"mobilefacenet_cifar10_{seed}"
        trained(cfg, out)
        whole = fresh(cfg, out / "final.pt")
        if a.curve:
            return curve(whole, cfg, a.curve)
        if not is_done("pruning", "whole", cfg):
            record("pruning", "whole", cfg, whole, out)
        taught.task.teacher.pretrained = str(out / "final.pt")
        for variant, name, recipe in (("pruned and trained on", "pruned", taught), ("whole, trained on", "on", tuned)):
            if not is_done("pruning", variant, recipe):
                place = a.runs / f"mobilefacenet_{name}_{seed}"
                net = trained(recipe, place, pruned(whole, cfg, a.share) if name == "pruned" else fresh(cfg, out / "final.pt"))
                record("pruning", variant, recipe, net, place)


if __name__ == "__main__":
    main()

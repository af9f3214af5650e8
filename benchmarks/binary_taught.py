"""Binary VGG that begins with the weights of its real twin and is taught by it; beside both, as they were trained alone.

`python -m benchmarks.binary_taught [--seeds 0] [--runs FOLDER]`   (needs torch; PITH_DATA)

The twin is what `benchmarks.trained_here binary` trained in the same folder of runs. Rows go to the table of that experiment.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import nn

from benchmarks.trained_here import fresh, is_done, record, trained
from benchmarks.training_log import digest
from pith import models
from pith.models.signs import real_weight
from pith.train import binary, checkpoint
from pith.train.recipe import load

VARIANT = "binary, from the real one and taught by it"
RECIPE, TWIN = "bnn_vgg_taught", "vgg_cifar10"


def begun(net: nn.Module, real: nn.Module) -> nn.Module:
    """`net`, whose binary and real layers and normalisations begin as those of its twin, layer for layer."""
    kinds = (nn.Conv2d, nn.Linear, nn.BatchNorm1d, nn.BatchNorm2d)
    ours, theirs = ([m for m in of.modules() if isinstance(m, kinds)] for of in (net, real))
    signs = {id(layer) for _, layer in binary.layers(net)}
    with torch.no_grad():
        for a, b in zip(ours, theirs, strict=True):
            if id(a) in signs:
                real_weight(a).copy_(b.weight.clamp(-1, 1))
            else:
                a.load_state_dict(b.state_dict())
    return net


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--runs", type=Path, default=Path("build/trained_here"), help="checkpoints and weights")
    a = parser.parse_args()
    runs: Path = a.runs.resolve()
    for seed in map(int, a.seeds.split(",")):
        twin = runs / f"{TWIN}_{seed}" / "final.pt"
        if not twin.exists():
            raise SystemExit(f"{twin} is not there: python -m benchmarks.trained_here binary --variants {TWIN} --seeds {seed} --runs {runs}")
        start, out = runs / f"{RECIPE}_{seed}_from_{digest(twin)}.pt", runs / f"{RECIPE}_{seed}"
        cfg = load(RECIPE, {"seed": seed, "model.pretrained": str(start), "task.teacher.pretrained": str(twin)})
        if is_done("binary", VARIANT, cfg):
            continue
        if not start.exists():
            net = models.create(cfg.model.type, **{k: v for k, v in cfg.model.items() if k not in ("type", "pretrained")})
            checkpoint.write(start, begun(net, fresh(load(TWIN), twin)).state_dict())
        trained(cfg, out)
        record("binary", VARIANT, cfg, fresh(cfg, out / "final.pt"), out)


if __name__ == "__main__":
    main()

"""The binary multilayer perceptron of BNN (arXiv 1602.02830) on MNIST, trained here, then tested as compiled C.

`python -m benchmarks.binary_mnist [--epochs 60] [--seed 0] [--log FILE] [--save FILE]`   (needs torch; PITH_DATA)

Three hidden layers of 2048; all weights and hidden activations are +1 and -1, batch normalisation before each sign, squared hinge loss,
Adam with a rate that falls along a cosine, weights clipped after each step. Pictures are turned, scaled and moved a little in training.
Nothing is chosen by test error: the network is the one after the last epoch. `--bf16` computes the products of training in bfloat16,
which holds the small sums near the threshold exactly.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pith
from pith import models
from pith.train import binary

DATA = Path(os.environ.get("PITH_DATA", "data"))


def mnist(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 (N, 28, 28) and labels of "train" or "t10k"."""
    with gzip.open(DATA / "mnist" / f"{part}-images-idx3-ubyte.gz") as f:
        pictures = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(DATA / "mnist" / f"{part}-labels-idx1-ubyte.gz") as f:
        return pictures, np.frombuffer(f.read(), np.uint8, offset=8).astype(np.int64)


def moved(x: Tensor, generator: torch.Generator) -> Tensor:
    """(N, 28, 28) turned by up to 12 degrees, scaled by up to 10 %, moved by up to 2 pixels."""
    n = len(x)
    angle, size, dx, dy = ((2 * torch.rand(n, generator=generator) - 1) * s for s in (math.radians(12), 0.1, 2 / 14, 2 / 14))
    cos, sin = (1 + size) * torch.cos(angle), (1 + size) * torch.sin(angle)
    theta = torch.stack([torch.stack([cos, -sin, dx], 1), torch.stack([sin, cos, dy], 1)], 1)
    grid = F.affine_grid(theta, [n, 1, 28, 28], align_corners=False)
    return F.grid_sample(x[:, None], grid, align_corners=False)[:, 0]


def prepared(x: Tensor) -> Tensor:
    """0..1 as -1..1, flat."""
    return (2 * x - 1).reshape(len(x), 784)


@torch.no_grad()
def errors(net: nn.Module, x: Tensor, labels: np.ndarray) -> float:
    """Per cent."""
    net.eval()
    found = torch.cat([net(prepared(part)).argmax(1) for part in x.split(1000)]).numpy()
    return float(100 * (found != labels).mean())


def train(hidden: int, epochs: int, seed: int, rate: float, batch: int, bf16: bool, log: Path | None, kept: Path | None) -> nn.Module:
    """The network after the last epoch. `kept`: where the state of training lies after each, to go on from."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    x, labels = (torch.from_numpy(np.array(a)) for a in mnist("train"))
    x = x.float() / 255
    test, truth = mnist("t10k")
    test_x = torch.from_numpy(np.array(test)).float() / 255
    net = models.create("bnn_mlp", hidden=hidden)
    optimiser = torch.optim.Adam(binary.parameters(net), rate, fused=True)
    binary.clip_after(optimiser, net)
    steps = epochs * (len(x) // batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda k: 0.5 * (1 + math.cos(math.pi * k / steps)))
    began, start, before = time.time(), 0, 0.0
    parts = {"net": net, "optimiser": optimiser, "schedule": schedule}
    if kept and kept.exists():
        held = torch.load(kept, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(held[name])
        generator.set_state(held["generator"])
        start, before = held["epoch"], held["seconds"]
    for epoch in range(start, epochs):
        net.train()
        total, order = 0.0, torch.randperm(len(x), generator=generator)
        for at in order[: len(x) // batch * batch].split(batch):
            optimiser.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                scores = net(prepared(moved(x[at], generator)))
            loss = binary.squared_hinge(scores.float(), labels[at])
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * batch
        row = [seed, epoch + 1, f"{total / len(x):.5f}", f"{errors(net, test_x, truth):.2f}", f"{before + time.time() - began:.0f}"]
        print(*row, flush=True)
        if log:
            new = not log.exists()
            with log.open("a", newline="") as f:
                out = csv.writer(f)
                if new:
                    out.writerow(["seed", "epoch", "loss", "test error %", "seconds"])
                out.writerow(row)
        if kept:
            state = {name: part.state_dict() for name, part in parts.items()}
            state |= {"generator": generator.get_state(), "epoch": epoch + 1, "seconds": before + time.time() - began}
            torch.save(state, kept.with_suffix(".part"))
            kept.with_suffix(".part").replace(kept)
    return net.eval()


def compiled_errors(net: nn.Module) -> tuple[float, int]:
    """Test error in per cent through compiled C, and how many results differ from PyTorch's."""
    test, truth = mnist("t10k")
    x = prepared(torch.from_numpy(np.array(test)).float() / 255)
    session = pith.from_torch(binary.frozen(net), x[:100])
    got = np.concatenate([np.asarray(session(part.numpy())) for part in x.split(100)]).argmax(1)
    with torch.no_grad():
        theirs = torch.cat([net(part) for part in x.split(1000)]).argmax(1).numpy()
    return float(100 * (got != truth).mean()), int((got != theirs).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hidden", type=int, default=2048)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--batch", type=int, default=200)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--keep", type=Path, help="the state of training after each epoch; where there is one, training goes on from it")
    parser.add_argument("--save", type=Path, help="where the weights go")
    parser.add_argument("--load", type=Path, help="weights to test, without training")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    if a.load:
        net = models.create("bnn_mlp", pretrained=a.load, hidden=a.hidden)
    else:
        net = train(a.hidden, a.epochs, a.seed, a.rate, a.batch, a.bf16, a.log, a.keep)
    if a.save:
        torch.save(net.state_dict(), a.save)
    error, differ = compiled_errors(net)
    print(f"through compiled C: {error:.2f} % of 10,000 test pictures wrong; {differ} results are not PyTorch's")


if __name__ == "__main__":
    main()

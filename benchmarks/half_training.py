"""Training with nothing but halves: weights and momenta in float16, rounded to nearest or stochastically, beside float32, on MNIST.

`python -m benchmarks.half_training [--epochs 12] [--rate 0.001] [--seeds 0,1,2] [--csv FILE] [--log FILE]`   (needs torch; PITH_DATA)
`python -m benchmarks.half_training --plot FILE`   draws the losses of the log

A small perceptron (784-64-10), plain SGD, the same batches and starting weights for all three; what is measured is the optimiser's
rounding (`pith.train.formats_torch.HalfSGD`), so gradients are computed in float32. The rate is small, as it is late in training:
most changes are less than half a step of the weights they belong to. Test error is of the compiled network. A row is added to the CSV
files as soon as it is known; what stands there already is not trained again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import pith
from benchmarks.binary_mnist import mnist
from benchmarks.training_log import RESULTS, append, rows, stamp, wilson
from pith.train.formats_torch import HalfSGD

KINDS = ("float32", "float16, nearest", "float16, stochastic")


def network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))


def optimiser_of(kind: str, net: nn.Module, rate: float, momentum: float, seed: int) -> torch.optim.Optimizer:
    if kind == "float32":
        return torch.optim.SGD(net.parameters(), rate, momentum)
    return HalfSGD(net.parameters(), rate, momentum, key=seed if kind.endswith("stochastic") else None)


def trained(
    kind: str, epochs: int, rate: float, momentum: float, seed: int, batch: int, seen: Callable[[int, float], None]
) -> tuple[nn.Module, float]:
    """The network and the mean loss of the last epoch. `seen` gets the number and mean loss of each."""
    net = network(seed)
    optimiser = optimiser_of(kind, net, rate, momentum, seed)
    x, labels = (torch.from_numpy(np.array(a)) for a in mnist("train"))
    x = x.reshape(-1, 784).float() / 255
    generator = torch.Generator().manual_seed(seed)
    total = 0.0
    for epoch in range(epochs):
        total = 0.0
        order = torch.randperm(len(x), generator=generator)
        for at in order.split(batch):
            loss = F.cross_entropy(net(x[at]), labels[at])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += float(loss.detach()) * len(at)
        seen(epoch + 1, total / len(x))
    return net.eval(), total / len(x)


def compiled_wrong(net: nn.Module) -> int:
    """Of the 10,000 test pictures, by compiled C."""
    test, truth = mnist("t10k")
    x = test.reshape(-1, 784).astype(np.float32) / np.float32(255)
    session = pith.from_torch(net, torch.zeros(100, 784))
    found = np.concatenate([np.asarray(session(part)) for part in np.split(x, 100)]).argmax(1)
    return int((found != truth).sum())


def plot(log: Path, picture: Path) -> None:
    """Training losses by epoch: the mean of the seeds and their range."""
    from matplotlib.figure import Figure

    found = rows(log)
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for kind, style in zip(KINDS, ("-", ":", "--"), strict=True):
        by_seed = [[float(r["loss"]) for r in found if r["kind"] == kind and r["seed"] == seed] for seed in dict.fromkeys(r["seed"] for r in found)]
        losses = np.array([s for s in by_seed if s])
        epochs = np.arange(1, losses.shape[1] + 1)
        axes.plot(epochs, losses.mean(0), style, label=kind)
        axes.fill_between(epochs, losses.min(0), losses.max(0), alpha=0.2)
    axes.set(xlabel="epoch", ylabel="training loss", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(picture, metadata={"Date": None} if picture.suffix == ".svg" else None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--rate", type=float, default=0.001)
    parser.add_argument("--momentum", type=float, default=0.0)
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--csv", type=Path, default=RESULTS / "half_training.csv")
    parser.add_argument("--log", type=Path, default=RESULTS / "half_training_log.csv")
    parser.add_argument("--plot", type=Path)
    a = parser.parse_args()
    if a.plot:
        return plot(a.log, a.plot)
    torch.set_num_threads(1)
    done = {(r["kind"], r["seed"]) for r in rows(a.csv)}
    for seed in a.seeds.split(","):
        for kind in KINDS:
            if (kind, seed) in done:
                continue
            curve: list[tuple[int, float]] = []
            net, loss = trained(kind, a.epochs, a.rate, a.momentum, int(seed), a.batch, lambda n, value, c=curve: c.append((n, value)))
            wrong = compiled_wrong(net)
            low, high = wilson(wrong, 10_000)
            for epoch, value in curve:
                append(a.log, {"kind": kind, "seed": seed, "epoch": epoch, "loss": f"{value:.5f}"})
            append(a.csv, {"kind": kind, "seed": seed, "epochs": a.epochs, "rate": a.rate, "momentum": a.momentum, "batch": a.batch,
                           "parameters": sum(p.numel() for p in net.parameters()), "training_loss": f"{loss:.4f}", "wrong": wrong,
                           "low": f"{low:.5f}", "high": f"{high:.5f}", **stamp()})  # fmt: skip
            print(f"{kind:22} seed {seed}: training loss {loss:.4f}, test error {wrong / 100:.2f} % ({100 * low:.2f} to {100 * high:.2f})", flush=True)


if __name__ == "__main__":
    main()

"""Training with nothing but halves: weights and momenta in float16, rounded to nearest or stochastically, beside float32, on MNIST.

`python -m benchmarks.half_training [--epochs 8] [--rate 0.002] [--seed 0] [--csv FILE]`   (needs torch; PITH_DATA)

A small perceptron (784-128-10), SGD with momentum, the same batches and starting weights for all three; what is measured is the optimiser's
rounding (`pith.train.formats_torch.HalfSGD`), so gradients are computed in float32. The rate is small, as it is late in training:
most changes are less than half a step of the weights they belong to. Test error is of the compiled network.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import pith
from benchmarks.binary_mnist import mnist
from pith.train.formats_torch import HalfSGD

KINDS = ("float32", "float16, nearest", "float16, stochastic")


def network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def optimiser_of(kind: str, net: nn.Module, rate: float, momentum: float, seed: int) -> torch.optim.Optimizer:
    if kind == "float32":
        return torch.optim.SGD(net.parameters(), rate, momentum)
    return HalfSGD(net.parameters(), rate, momentum, key=seed if kind.endswith("stochastic") else None)


def trained(kind: str, epochs: int, rate: float, momentum: float, seed: int, batch: int) -> tuple[nn.Module, float]:
    """The network and the mean loss of the last epoch."""
    net = network(seed)
    optimiser = optimiser_of(kind, net, rate, momentum, seed)
    x, labels = (torch.from_numpy(np.array(a)) for a in mnist("train"))
    x = x.reshape(-1, 784).float() / 255
    generator = torch.Generator().manual_seed(seed)
    total = 0.0
    for _ in range(epochs):
        total = 0.0
        order = torch.randperm(len(x), generator=generator)
        for at in order.split(batch):
            loss = F.cross_entropy(net(x[at]), labels[at])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += float(loss.detach()) * len(at)
    return net.eval(), total / len(x)


def compiled_error(net: nn.Module) -> float:
    """Per cent of the test pictures, by compiled C."""
    test, truth = mnist("t10k")
    x = test.reshape(-1, 784).astype(np.float32) / np.float32(255)
    session = pith.from_torch(net, torch.zeros(100, 784))
    found = np.concatenate([np.asarray(session(part)) for part in np.split(x, 100)]).argmax(1)
    return float(100 * (found != truth).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--rate", type=float, default=0.002)
    parser.add_argument("--momentum", type=float, default=0.0)
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--csv", type=Path)
    a = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for kind in KINDS:
        net, loss = trained(kind, a.epochs, a.rate, a.momentum, a.seed, a.batch)
        error = compiled_error(net)
        rows.append({"kind": kind, "epochs": a.epochs, "rate": a.rate, "momentum": a.momentum, "batch": a.batch, "seed": a.seed,
                     "training loss": f"{loss:.4f}", "test error %": f"{error:.2f}"})  # fmt: skip
        print(f"{kind:22} training loss {loss:.4f}   test error {error:.2f} %", flush=True)
    if a.csv:
        with a.csv.open("w", newline="") as f:
            writer = csv.DictWriter(f, rows[0])
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()

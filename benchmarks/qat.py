"""Fine-tuning in integers (`pith.train`) on ResNet-20, CIFAR-10: what training gives back of what few bits take.

`python benchmarks/qat.py [--weight-bits 4] [--bits 8] [--steps 150] [--batch 64] [--csv FILE]`   (needs torch; PITH_DATA)

The float network is the teacher: its outputs on training pictures are what the integers are trained towards, no label is used, so that
nothing but the rounding is made up for. Accuracies are of compiled networks, on every fifth test picture. The pictures are JPEG
copies, which cost the float network about ten points.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import math
import subprocess
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import pith
from benchmarks.evaluation.base import exported, open_rgb
from benchmarks.evaluation.classification import cifar_test, cifar_training, normalised
from pith.api import import_model
from pith.quantized import Quantized
from pith.runtime.session import Session
from pith.train import Qat


def run_all(session: Session, x: np.ndarray) -> np.ndarray:
    """Outputs of all samples, one after another."""
    return np.concatenate([np.asarray(session(one[None])) for one in x])


def pictures(files: list[bytes]) -> np.ndarray:
    return np.concatenate([normalised(open_rgb(f)) for f in files])


def trained(start: Quantized, x: np.ndarray, teacher: np.ndarray, steps: int, batch: int, rate: float) -> Qat:
    """The network trained towards the teacher: Adam, the rate falling along a cosine."""
    qat = Qat(start)
    optimiser = torch.optim.Adam(qat.groups(rate))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda k: 0.5 * (1 + math.cos(math.pi * k / steps)))
    rng = np.random.default_rng(0)
    for _ in range(steps):
        at = rng.choice(len(x), batch, replace=False)
        optimiser.zero_grad()
        F.kl_div(F.log_softmax(qat(torch.from_numpy(x[at])), 1), F.softmax(torch.from_numpy(teacher[at]), 1), reduction="batchmean").backward()
        optimiser.step()
        schedule.step()
    return qat


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weight-bits", type=int, default=4)
    parser.add_argument("--bits", type=int, default=8, help="of activations: 8 or 7")
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.01, help="of Adam, in steps of each layer's weights")
    parser.add_argument("--pictures", type=int, default=6000, help="training pictures")
    parser.add_argument("--csv", type=Path)
    a = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = import_model(str(exported("resnet20")))
    test, labels = cifar_test()
    unseen, seen = pictures(test), pictures(cifar_training(a.pictures))
    exact = pith.compile(model.copy(), cache=False)
    teacher = run_all(exact, seen)
    rows = []

    def accuracy(name: str, session: Session, seconds: float) -> None:
        right = float((run_all(session, unseen).argmax(1) == labels).mean())
        rows.append({"network": "ResNet-20", "weight_bits": a.weight_bits, "bits": a.bits, "how": name, "accuracy": right, "seconds": round(seconds)})
        print(f"{name:34} {100 * right:6.2f} %  {seconds:5.0f} s", flush=True)

    accuracy("float32", exact, 0)
    for name, options in (("min-max", {"method": "minmax", "improve": False}), ("EasyQuant, improved", {})):
        began = time.process_time()
        start = pith.quantize(model, seen[:50], bits=a.bits, weight_bits=a.weight_bits, **options)
        spent = time.process_time() - began
        accuracy(name, start.compile(cache=False), spent)
        began = time.process_time()
        qat = trained(start, seen, teacher, a.steps, a.batch, a.rate)
        accuracy(f"{name}, trained", qat.compile(cache=False), spent + time.process_time() - began)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    rows = [{**r, "steps": a.steps, "commit": commit, "date": datetime.date.today().isoformat()} for r in rows]
    if a.csv:
        with a.csv.open("w", newline="") as f:
            writer = csv.DictWriter(f, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()

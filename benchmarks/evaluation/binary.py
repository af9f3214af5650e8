"""BNN-PYNQ's networks: digits of MNIST, JPEG copies of CIFAR-10, and the project's own test pictures, a three and a deer."""

from __future__ import annotations

import gzip

import numpy as np

from benchmarks.evaluation.base import DATA, Run, mean, open_rgb
from benchmarks.evaluation.classification import cifar_test
from pith.models.pixels import cnv_pixels

THREE, DEER = 3, 4


def digits(count: int = 10_000) -> tuple[np.ndarray, np.ndarray]:
    """The first test pictures of MNIST as ``(n, 784)`` from 0 to 1, and what they show."""
    folder = DATA / "mnist"
    pictures = np.frombuffer(gzip.decompress((folder / "t10k-images-idx3-ubyte.gz").read_bytes()), np.uint8, offset=16)
    labels = np.frombuffer(gzip.decompress((folder / "t10k-labels-idx1-ubyte.gz").read_bytes()), np.uint8, offset=8)
    return pictures.reshape(-1, 784)[:count].astype(np.float32) / np.float32(255), labels[:count].astype(np.int64)


def three() -> np.ndarray:
    """The project's picture of a three, ``(1, 784)``."""
    return np.frombuffer((DATA / "bnn/3.image-idx3-ubyte").read_bytes(), np.uint8, offset=16).reshape(1, 784) / np.float32(255)


def deer() -> np.ndarray:
    """The project's picture of a deer, ``(1, 3, 32, 32)``."""
    return cnv_pixels(np.frombuffer((DATA / "bnn/deer.bin").read_bytes(), np.uint8)[1:].reshape(1, 3, 32, 32))


def lfc(run: Run, count: int = 10_000) -> tuple[float, int]:
    """Accuracy on MNIST."""
    x, labels = digits(count)
    return mean(np.array([float(run(one[None])[0].argmax() == y) for one, y in zip(x, labels, strict=True)]))


def cnv(run: Run, step: int = 5) -> tuple[float, int]:
    """Accuracy on every `step`-th test picture of CIFAR-10."""
    files, labels = cifar_test(step)
    pictures = (cnv_pixels(open_rgb(f).transpose(2, 0, 1)[None]) for f in files)
    return mean(np.array([float(run(x)[0].argmax() == y) for x, y in zip(pictures, labels, strict=True)]))


def samples(lfc_run: Run, cnv_run: Run) -> tuple[float, int]:
    """How many of the project's two pictures are told right."""
    return mean(np.array([float(lfc_run(three())[0].argmax() == THREE), float(cnv_run(deer())[0].argmax() == DEER)]))

"""Classifiers: accuracy (top-1) on CIFAR-10 and on photographs of ImageNet classes.

The CIFAR-10 pictures are JPEG copies, which costs a network that was trained on lossless ones about ten points.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.evaluation.base import DATA, ROOT, Evaluation, Run, exported, mean, open_rgb, zip_names, zip_read
from pith.runtime.inputs import Preprocess, prepare
from pith.runtime.session import PortInfo

CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
CIFAR_MEAN = np.array([0.4914, 0.4822, 0.4465], np.float32)


def normalised(picture: np.ndarray, mean: np.ndarray = MEAN, deviation: np.ndarray = DEVIATION) -> np.ndarray:
    """A uint8 RGB picture as ``(1, 3, H, W)``: / 255, less mean, by deviation."""
    x = (picture.astype(np.float32) / np.float32(255) - mean) / deviation
    return np.ascontiguousarray(x.transpose(2, 0, 1)[None], np.float32)


def cifar_test(step: int = 5) -> tuple[list[bytes], np.ndarray]:
    """Every `step`-th of the 10,000 test pictures by name, and their classes."""
    return _cifar("cifar10_test_jpg.zip", lambda names: names[::step])


def cifar_whole() -> tuple[list[bytes], np.ndarray]:
    """All 10,000 test pictures and their classes: what half a point of accuracy is seen on."""
    return cifar_test(1)


def cifar_training(count: int = 50) -> list[bytes]:
    """Training pictures, drawn by a fixed seed."""
    return _cifar("cifar10_train25k_jpg.zip", lambda n: [n[k] for k in np.random.default_rng(0).choice(len(n), count, replace=False)])[0]


def _cifar(file: str, pick: Callable[[list[str]], list[str]]) -> tuple[list[bytes], np.ndarray]:
    path = DATA / "cifar10" / file
    names = pick(zip_names(path, ".jpg"))
    return zip_read(path, names), np.array([CIFAR_CLASSES.index(n.split("/")[-2]) for n in names])


def right(run: Run, pictures: Callable[[], tuple[list[bytes], np.ndarray]], prepare: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """For each picture whether its class is the largest output: 1 or 0."""
    files, labels = pictures()
    return np.array([float(run(prepare(open_rgb(f)))[0].argmax() == y) for f, y in zip(files, labels, strict=True)])


def accuracy(run: Run, pictures: Callable[[], tuple[list[bytes], np.ndarray]], prepare: Callable[[np.ndarray], np.ndarray]) -> tuple[float, int]:
    """Share of pictures whose class is the largest output."""
    return mean(right(run, pictures, prepare))


def cifar_samples(prepare: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Calibration samples from the training pictures."""
    return np.concatenate([prepare(open_rgb(f)) for f in cifar_training()])


def imagenet() -> tuple[list[bytes], np.ndarray]:
    """The 309 photographs and their classes (0..999)."""
    with (DATA / "imagenet" / "labels.csv").open() as f:
        rows = list(csv.reader(f))
    rows = [r for r in rows if r[1].isdigit()]
    return [(DATA / "imagenet" / "images" / Path(r[0]).name).read_bytes() for r in rows], np.array([int(r[1]) for r in rows])


def middle(picture: np.ndarray, side: int) -> np.ndarray:
    """Short side at `side` / 0.875 (bilinear, Pillow's), and of that the middle of `side` x `side`."""
    height, width = picture.shape[:2]
    short = round(side / 0.875)
    factor = short / min(height, width)
    size = (max(short, round(width * factor)), max(short, round(height * factor)))
    resized = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
    top, left = (resized.shape[0] - side) // 2, (resized.shape[1] - side) // 2
    return np.asarray(resized[top : top + side, left : left + side])


def photograph(picture: np.ndarray, side: int = 224) -> np.ndarray:
    """ImageNet's way: `middle`, normalised."""
    return normalised(middle(picture, side))


def caffe_photograph(picture: np.ndarray, side: int = 227) -> np.ndarray:
    """SqueezeNet's way: the same cut, in BGR, 0..255, less the mean of each colour."""
    x = middle(picture, side)[..., ::-1].astype(np.float32) - np.array([104, 117, 123], np.float32)
    return np.ascontiguousarray(x.transpose(2, 0, 1)[None])


def other_photographs(prepare: Callable[[np.ndarray], np.ndarray] = photograph) -> np.ndarray:
    """Calibration samples: photographs that are not of the ImageNet set."""
    files = [
        f for part in ("sr/set14/*.png", "sr/bsd100/*.png", "landmarks/dlib_faces/*.jpg", "detection/images/*.jpg")
        for f in sorted(DATA.glob(part)) if not f.stem.endswith("_result")
    ]  # fmt: skip
    return np.concatenate([prepare(open_rgb(f)) for f in files])


@cache
def _recorded() -> Preprocess:
    from pith.api import import_model

    return Preprocess.parse(import_model(str(DEMONSTRATION)).metadata["pith.preprocess"])


def demonstration(picture: np.ndarray) -> np.ndarray:
    """As the network that ships with Pith wants it."""
    return prepare(Image.fromarray(picture), PortInfo("image", "float32", (1, 3, 32, 32)), _recorded())


DEMONSTRATION = ROOT / "pith" / "demo" / "mobilenext_cifar10.onnx"


def evaluations() -> list[Evaluation]:
    """ResNet-20, the network that ships with Pith, the backbone of RetinaFace, and SqueezeNet."""
    return [
        Evaluation("ResNet-20, CIFAR-10 (JPEG)", partial(exported, "resnet20"), partial(cifar_samples, normalised),
                   partial(right, pictures=cifar_whole, prepare=normalised), "accuracy"),
        Evaluation("MobileNeXt, CIFAR-10 (JPEG)", lambda: DEMONSTRATION, partial(cifar_samples, demonstration),
                   partial(right, pictures=cifar_whole, prepare=demonstration), "accuracy"),
        Evaluation("MobileNetV1 0.25, ImageNet sample", partial(exported, "mobilenet_v1_0.25_leaky"), other_photographs,
                   partial(right, pictures=imagenet, prepare=photograph), "accuracy", 0.540),
        Evaluation("SqueezeNet 1.1, ImageNet sample", lambda: DATA / "imagenet_models" / "squeezenet_v1.1.param", partial(other_photographs, caffe_photograph),
                   partial(right, pictures=imagenet, prepare=caffe_photograph), "accuracy", 0.631),
    ]  # fmt: skip

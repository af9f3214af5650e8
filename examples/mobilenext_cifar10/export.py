"""Turns the ``model.pt`` of ``train.py`` into ``mobilenext_cifar10.onnx``, labels and preprocessing inside.

    python examples/mobilenext_cifar10/export.py build/mobilenext_cifar10 --to pith/demo

Batch normalisation stays in the graph: folding it is the compiler's work. The ONNX file is then run by ONNX Runtime on
the test pictures; its logits must be those of PyTorch, and its accuracy is printed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from data import data_root, load_split, normalise  # noqa: E402

from pith.models.cost import count  # noqa: E402
from pith.models.mobilenext import Config, MobileNeXt, Stage  # noqa: E402

NAME = "mobilenext_cifar10.onnx"
LARGEST = 2_000_000


def load(path: Path) -> tuple[MobileNeXt, dict[str, Any]]:
    """The network of a ``model.pt``, ready to infer, and the rest of the file."""
    saved = torch.load(path, weights_only=True)
    fields = {**saved["config"], "stages": tuple(Stage(*stage) for stage in saved["config"]["stages"])}
    net = MobileNeXt(Config(**fields))
    net.load_state_dict(saved["weights"])
    return net.eval(), saved


class Plain(nn.Module):
    """The network without dropout, so that the graph holds nothing that inference does not need."""

    def __init__(self, net: MobileNeXt) -> None:
        """Takes the parts of ``net``."""
        super().__init__()
        self.features, self.avgpool, self.linear = net.features, net.avgpool, net.classifier[-1]

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(1, 3, 32, 32) -> (1, 10)."""
        return self.linear(torch.flatten(self.avgpool(self.features(image)), 1))  # type: ignore[no-any-return]


def to_onnx(net: MobileNeXt, saved: dict[str, Any], path: Path) -> None:
    """Writes the ONNX file: batch 1, ``image`` -> ``logits``, metadata ``pith.preprocess`` and ``pith.labels``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            Plain(net),
            (torch.zeros(1, 3, 32, 32),),
            str(path),
            input_names=["image"],
            output_names=["logits"],
            opset_version=17,
            dynamo=False,
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
        )
    model = onnx.load(path)
    preprocess = {
        "size": [32, 32],
        "layout": "RGB",
        "scale": 1 / 255,
        "mean": saved["mean"],
        "std": saved["std"],
        "resize": "antialias-bilinear, centre crop to square",
    }
    onnx.helper.set_model_props(
        model, {"pith.preprocess": json.dumps(preprocess), "pith.labels": json.dumps(saved["classes"])}
    )
    model.graph.name = "mobilenext_cifar10"
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def check(net: MobileNeXt, saved: dict[str, Any], path: Path) -> tuple[float, float]:
    """Runs the file on every test picture: accuracy, and the largest difference from PyTorch's logits."""
    pictures, labels, _ = load_split(data_root() / "cifar10/cifar10_test_jpg.zip")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    right, worst = 0, 0.0
    with torch.no_grad():
        for start in range(0, len(pictures), 100):
            x = normalise(pictures[start : start + 100].float() / 255, saved["mean"], saved["std"])
            expected = net(x).numpy()
            got = np.concatenate([session.run(["logits"], {"image": one[None]})[0] for one in x.numpy()])
            worst = max(worst, float(np.abs(got - expected).max()))
            right += int((got.argmax(1) == labels[start : start + 100].numpy()).sum())
    return right / len(pictures), worst


def main() -> None:
    """Reads the command line, exports, checks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("run", type=Path, help="the folder that train.py wrote")
    parser.add_argument(
        "--to", type=Path, default=Path("build"), help="where the ONNX file, labels.txt and training_log.csv go"
    )
    arguments = parser.parse_args()
    arguments.to.mkdir(parents=True, exist_ok=True)
    path = arguments.to / NAME
    net, saved = load(arguments.run / "model.pt")
    to_onnx(net, saved, path)
    size = path.stat().st_size
    if size > LARGEST:
        raise SystemExit(
            f"{path} has {size:,} bytes, more than {LARGEST:,}: take fewer channels (recipe.yaml, section model)"
        )
    (arguments.to / "labels.txt").write_text("".join(f"{name}\n" for name in saved["classes"]))
    shutil.copyfile(arguments.run / "log.csv", arguments.to / "training_log.csv")
    accuracy, worst = check(net, saved, path)
    cost = count(net, (1, 3, 32, 32))
    graph = onnx.load(path).graph
    print(f"{path}: {size:,} bytes, {cost.params:,} parameters, {cost.macs:,} MACs, {len(graph.node)} nodes")
    print(f"ONNX Runtime on 10,000 test pictures: accuracy {accuracy:.4f}, largest difference from PyTorch {worst:.2e}")
    if worst > 1e-3:
        raise SystemExit("the ONNX file does not compute what PyTorch computes")


if __name__ == "__main__":
    main()

"""Methods of quantisation side by side: accuracy where there are labels, agreement with the float network where not.

`python benchmarks/quantization.py [--only NAME] [--csv FILE]`; the results are in benchmarks/results/quantization.csv, and
`python benchmarks/readme_tables.py` writes the table of docs/quantization.md from them.

Calibration samples are never among those evaluated. The quantised graphs run in their QDQ form, whose numbers are those of
the integer operators up to ties of rounding. ONNX Runtime's static quantisation (min-max, per channel, QDQ) is measured by
ONNX Runtime itself, on the same samples. Seconds are those of the processor, all threads together.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import io
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from PIL import Image

import pith
from pith.api import compile_graph, import_model
from pith.runtime.inputs import Preprocess, prepare
from pith.runtime.session import PortInfo

RESULTS = Path(__file__).parent / "results" / "quantization.csv"
DATA = Path(os.environ.get("PITH_DATA", "shared/data"))
METHODS: dict[str, dict[str, Any]] = {
    "min-max": {"method": "minmax", "improve": False},
    "KL": {"method": "kl", "improve": False},
    "MSE": {"method": "mse", "improve": False},
    "EasyQuant": {"method": "easyquant", "improve": False},
    "EasyQuant, improved": {"method": "easyquant"},
}
COARSE = ("min-max", "EasyQuant", "EasyQuant, improved")  # of those, which are measured with seven bits too
Outputs = list[list[np.ndarray]]


@dataclass(frozen=True)
class Case:
    """A network, calibration samples, evaluation samples (each [1, ...]), and labels of the latter if there are any."""

    name: str
    path: Path
    shapes: dict[str, tuple[int, ...]]
    samples: Callable[[], tuple[np.ndarray, np.ndarray, np.ndarray | None]]


def cifar() -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """50 training pictures to calibrate; 2,000 test pictures with their classes."""
    graph = import_model("pith/demo/mobilenext_cifar10.onnx")
    how, port = Preprocess.parse(graph.metadata["pith.preprocess"]), PortInfo("image", "float32", (1, 3, 32, 32))
    classes = Path("pith/demo/labels.txt").read_text().split()

    def drawn(file: str, count: int) -> tuple[np.ndarray, np.ndarray]:
        with zipfile.ZipFile(DATA / "cifar10" / file) as z:
            names = sorted(n for n in z.namelist() if n.endswith(".jpg"))
            picked = [names[k] for k in np.random.default_rng(0).choice(len(names), count, replace=False)]
            pictures = [prepare(Image.open(io.BytesIO(z.read(n))), port, how) for n in picked]
        return np.concatenate(pictures), np.array([classes.index(n.split("/")[-2]) for n in picked])

    test, labels = drawn("cifar10_test_jpg.zip", 2000)
    return drawn("cifar10_train25k_jpg.zip", 50)[0], test, labels


def photographs(size: tuple[int, int], mean: object, scale: object, bgr: bool) -> Callable[[], tuple[np.ndarray, np.ndarray, None]]:
    """Photographs of the ImageNet sample set, which none of these networks was trained for: 50 to calibrate, 40 others."""

    def samples() -> tuple[np.ndarray, np.ndarray, None]:
        files = sorted((DATA / "imagenet" / "images").glob("*.JPEG"))
        picked = np.random.default_rng(0).choice(len(files), 90, replace=False)
        arrays = []
        for k in picked:
            x = np.asarray(Image.open(files[k]).convert("RGB").resize(size, Image.Resampling.BILINEAR), np.float32)
            x = (x - np.asarray(mean, np.float32)) * np.asarray(scale, np.float32)
            arrays.append((x[..., ::-1] if bgr else x).transpose(2, 0, 1))
        stacked = np.ascontiguousarray(np.stack(arrays), np.float32)
        return stacked[:50], stacked[50:], None

    return samples


_MEAN, _STD = np.array([123.675, 116.28, 103.53]), 1 / np.array([58.395, 57.12, 57.375])
CASES = [
    Case("MobileNeXt CIFAR-10", Path("pith/demo/mobilenext_cifar10.onnx"), {}, cifar),
    Case("slim_160 landmarks", DATA / "landmarks/slim_160_latest.onnx", {}, photographs((160, 160), 0.0, 1 / 255, False)),
    Case("PFLD-106 lite", DATA / "landmarks/pfld106_lite.onnx", {}, photographs((112, 112), 0.0, 1 / 255, True)),
    Case("FastestDet", DATA / "detection/FastestDet.onnx", {}, photographs((352, 352), 0.0, 1 / 255, True)),
    Case("YuNet", DATA / "detection/yunet_n_320_320.onnx", {}, photographs((320, 320), 0.0, 1.0, True)),
    Case("PP-OCR direction", DATA / "ocr/onnx/ch_ppocr_mobile_v2.0_cls_infer.onnx", {"x": (1, 3, 48, 192)},
         photographs((192, 48), 127.5, 1 / 127.5, False)),
]  # fmt: skip


def processor_seconds() -> float:
    """Used so far by this process and the compilers it waited for; other work on the machine does not count."""
    t = os.times()
    return t.user + t.system + t.children_user + t.children_system


def as_list(y: Any) -> list[np.ndarray]:
    return [np.asarray(v) for v in (y if isinstance(y, tuple) else (y,))]


def score(outputs: Outputs, exact: Outputs, labels: np.ndarray | None) -> tuple[float | None, float]:
    """Accuracy (None without labels), and the signal-to-noise ratio in dB of the worst output."""
    accuracy = None if labels is None else float(np.mean([o[0].argmax() == y for o, y in zip(outputs, labels, strict=True)]))
    ratios = []
    for k in range(len(exact[0])):
        t = np.concatenate([e[k].ravel() for e in exact]).astype(np.float64)
        d = np.concatenate([o[k].ravel() for o in outputs]).astype(np.float64) - t
        ratios.append(10 * np.log10((t @ t) / max(d @ d, 1e-300)))
    return accuracy, float(min(ratios))


def by_onnx_runtime(case: Case, calibration: np.ndarray, evaluation: np.ndarray, folder: Path) -> Outputs:
    """Quantised and run by ONNX Runtime."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    from pith.exporters.onnx import to_onnx
    from pith.quant.flow import front

    graph = front(import_model(str(case.path), case.shapes))  # fixed shapes, folded batch norms: what its tools ask for
    name = graph.inputs[0]
    (folder / "float.onnx").write_bytes(to_onnx(graph).SerializeToString())

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = iter(calibration)

        def get_next(self) -> dict[str, np.ndarray] | None:
            x = next(self.left, None)
            return None if x is None else {name: x[None]}

    quantize_static(str(folder / "float.onnx"), str(folder / "int8.onnx"), Reader(), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)  # fmt: skip
    session = ort.InferenceSession(str(folder / "int8.onnx"), providers=["CPUExecutionProvider"])
    return [list(session.run(None, {name: x[None]})) for x in evaluation]


def measure(case: Case, report: Callable[..., None]) -> None:
    graph = import_model(str(case.path), case.shapes)
    calibration, evaluation, labels = case.samples()
    session = compile_graph(graph.copy())
    exact = [as_list(session(x[None])) for x in evaluation]
    report(case.name, "float", 32, *score(exact, exact, labels), None, 0.0)
    for bits in (8, 7):
        for name, options in METHODS.items():
            if bits < 8 and name not in COARSE:
                continue
            t = processor_seconds()
            result = pith.quantize(graph, calibration, bits=bits, **options)
            seconds = processor_seconds() - t
            quantised = result.compile()
            outputs = [as_list(quantised(x[None])) for x in evaluation]
            report(case.name, name, bits, *score(outputs, exact, labels), result.report.mean_cosine, seconds)
    try:
        with tempfile.TemporaryDirectory() as folder:
            t = processor_seconds()
            outputs = by_onnx_runtime(case, calibration, evaluation, Path(folder))
            report(case.name, "ONNX Runtime static", 8, *score(outputs, exact, labels), None, processor_seconds() - t)
    except Exception as e:  # another project's tool: what it cannot do is a line of the table
        print(f"ONNX Runtime: {type(e).__name__}: {str(e)[:300]}")
        report(case.name, "ONNX Runtime static", 8, None, None, None, 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--csv", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    ort.set_default_logger_severity(3)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    rows: list[dict[str, Any]] = []
    where = {"onnxruntime": ort.__version__, "commit": commit, "date": datetime.date.today().isoformat()}
    print(f"{'network':<20}  {'method':<22}  bits  accuracy  SQNR dB  layer cosine  seconds")

    def report(network: str, method: str, bits: int, accuracy: float | None, sqnr: float | None, cosine: float | None, seconds: float) -> None:
        shown = "" if accuracy is None else f"{accuracy:.2%}"
        mean = "" if cosine is None else f"{cosine:.6f}"
        noise = "-" if sqnr is None else f"{min(sqnr, 999):.1f}"
        print(f"{network:<20}  {method:<22}  {bits:>4}  {shown:>8}  {noise:>7}  {mean:>12}  {seconds:7.1f}", flush=True)
        rows.append({"network": network, "method": method, "bits": bits, "accuracy": accuracy, "sqnr_db": None if sqnr is None else round(min(sqnr, 999), 2),
                     "mean_layer_cosine": cosine, "seconds": round(seconds, 1), **where})  # fmt: skip

    for case in CASES:
        if arguments.only in case.name and case.path.exists():
            measure(case, report)
    if arguments.only and arguments.csv == RESULTS:
        return  # a part of it is no table
    with arguments.csv.open("w", newline="") as f:
        writer = csv.DictWriter(f, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()

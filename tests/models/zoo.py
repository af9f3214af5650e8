"""The real ONNX models of the data folder, with real inputs prepared the way each network wants them."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

Feed = dict[str, np.ndarray]


@dataclass(frozen=True)
class RealModel:
    """path below the data folder; `shapes` for symbolic inputs; `feeds(data)` gives several real inputs; `quantised`: int8 QDQ."""

    path: str
    feeds: Callable[[Path], list[Feed]]
    shapes: dict[str, tuple[int, ...]] | None = None
    quantised: bool = False

    @property
    def name(self) -> str:
        return Path(self.path).stem


def _pixels(path: Path, size: tuple[int, int]) -> np.ndarray:
    """RGB float32 [H, W, 3] in 0..255, resized to `size` = (width, height)."""
    return np.asarray(Image.open(path).convert("RGB").resize(size, Image.Resampling.BILINEAR), np.float32)


def _pictures(
    name: str,
    folder: str,
    files: tuple[str, ...],
    size: tuple[int, int],
    mean: object,
    scale: object,
    bgr: bool = False,
) -> Callable[[Path], list[Feed]]:
    """(pixels - mean) * scale, as NCHW."""

    def feeds(data: Path) -> list[Feed]:
        out = []
        for f in files:
            x = (_pixels(data / folder / f, size) - np.asarray(mean, np.float32)) * np.asarray(scale, np.float32)
            x = x[..., ::-1] if bgr else x
            out.append({name: np.ascontiguousarray(x.transpose(2, 0, 1)[None].astype(np.float32))})
        return out

    return feeds


_MEAN, _STD = np.array([123.675, 116.28, 103.53]), 1 / np.array([58.395, 57.12, 57.375])
_DETECT = ("dog.jpg", "person.jpg", "horses.jpg")
_FACES = ("2007_007763.jpg", "2008_001322.jpg", "2009_004587.jpg")
_PAGES = ("11.jpg", "en.jpg", "00018069.jpg")


def _keywords(data: Path) -> list[Feed]:
    with zipfile.ZipFile(data / "mlperf_tiny" / "kws01.zip") as z:
        names = sorted(z.namelist())[:200]
        return [{"input_1": np.frombuffer(z.read(n), np.int8).astype(np.float32)[None]} for n in names]


def _cifar(data: Path) -> list[Feed]:
    with zipfile.ZipFile(data / "mlperf_tiny" / "ic_calib.zip") as z:
        names = sorted(n for n in z.namelist() if n.endswith(".bin"))[:200]
        return [{"input_1": np.frombuffer(z.read(n), np.uint8).reshape(1, 32, 32, 3).astype(np.float32)} for n in names]


def _anomaly(data: Path) -> list[Feed]:
    mel = np.fromfile(data / "mlperf_tiny" / "ad01_normal_id_01_00000000_hist_librosa.bin", np.float32).reshape(-1, 128)
    return [{"input_1": mel[i : i + 5].reshape(1, 640).copy()} for i in range(mel.shape[0] - 4)]


MODELS = [
    RealModel("mlperf_tiny/kws_ref_model.onnx", _keywords, quantised=True),
    RealModel("mlperf_tiny/ic_resnet.onnx", _cifar, quantised=True),
    RealModel("mlperf_tiny/deep_autoencoder_int8.onnx", _anomaly, quantised=True),
    RealModel("detection/yolox_nano.onnx", _pictures("inputs", "detection/images", _DETECT, (416, 416), _MEAN, _STD)),
    RealModel("detection/FastestDet.onnx", _pictures("input.1", "detection/images", _DETECT, (352, 352), 0.0, 1 / 255, bgr=True)),
    RealModel("detection/yunet_n_320_320.onnx", _pictures("input", "detection/images", ("obama.jpg", *_DETECT), (320, 320), 0.0, 1.0, bgr=True)),
    RealModel("detection/ultraface/version-RFB-320.onnx", _pictures("input", "detection/images", ("obama.jpg", *_DETECT), (320, 240), 127.0, 1 / 128)),
    RealModel("landmarks/slim_160_latest.onnx", _pictures("input1", "landmarks/dlib_faces", _FACES, (160, 160), 0.0, 1 / 255)),
    RealModel("landmarks/pfld106_lite.onnx", _pictures("input", "landmarks/dlib_faces", _FACES, (112, 112), 0.0, 1 / 255, bgr=True)),
    *(
        RealModel(f"ocr/onnx/{n}.onnx", _pictures("x", "ocr/imgs", _PAGES, (640, 480), _MEAN, _STD), {"x": (1, 3, 480, 640)})
        for n in ("ch_PP-OCRv3_det_infer", "ch_ppocr_mobile_v2.0_det_infer", "ch_ppocr_mobile_v2.0_det_prune_infer")
    ),
    RealModel(
        "ocr/onnx/ch_ppocr_mobile_v2.0_cls_infer.onnx",
        _pictures("x", "ocr/words_en", ("word_1.png", "word_2.png", "word_3.png"), (192, 48), 127.5, 1 / 127.5),
        {"x": (1, 3, 48, 192)},
    ),
]  # fmt: skip


def quantum(path: Path) -> float:
    """The step of a QDQ model's output: the scale of the last QuantizeLinear before it."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    scales = [float(np.max(constants[n.input[1]])) for n in graph.node if n.op_type == "QuantizeLinear"]
    return scales[-1]


def keyword_labels(data: Path) -> dict[str, int]:
    """File name -> class of the keyword-spotting set."""
    with (data / "mlperf_tiny" / "kws01_y_labels.csv").open() as f:
        return {row[0]: int(row[2]) for row in csv.reader(f)}

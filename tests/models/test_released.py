"""Released weights through compiled C give what is published for them, or what the project's own ONNX file gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the networks of pith.models are PyTorch modules; install torch to test them")
pytest.importorskip("onnxscript", reason="PyTorch exports ONNX by onnxscript; install it to test released weights")

import onnxruntime  # noqa: E402

import pith  # noqa: E402
from benchmarks.evaluation import Run, antispoof, binary, classification, landmarks, plates, super_resolution  # noqa: E402
from benchmarks.evaluation.base import DATA, exported  # noqa: E402
from pith import models  # noqa: E402

from tests.models.zoo import MODELS  # noqa: E402 isort: skip

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no data folder (set PITH_DATA)")


def compiled(name: str, shapes: tuple[tuple[int, ...], ...] | None = None) -> Run:
    session = pith.compile(str(exported(name, shapes)), opt="-O1")

    def run(x: np.ndarray) -> list[np.ndarray]:
        y = session(x)
        return list(y) if isinstance(y, tuple) else [y]

    return run


def by_onnx_runtime(path: Path) -> Run:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda x: [np.asarray(y) for y in session.run(None, {name: x})]


# Networks whose projects ship an ONNX file of the same weights: outputs to compare (mine, theirs).
SHIPPED = {
    "fastestdet": ("detection/FastestDet.onnx", [(0, 0)]),
    "yunet_n": ("detection/yunet_n_320_320.onnx", [(k, k) for k in range(12)]),
    "ultraface_rfb320": ("detection/ultraface/version-RFB-320.onnx", [(0, 0), (1, 1)]),
    "pfld106_lite": ("landmarks/pfld106_lite.onnx", [(0, 1)]),
    "slim_160": ("landmarks/slim_160_latest.onnx", [(0, 0)]),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_same_as_the_file_that_the_project_ships(name: str) -> None:
    path, outputs = SHIPPED[name]
    mine, theirs = compiled(name), by_onnx_runtime(DATA / path)
    pictures = [x for feed in next(m for m in MODELS if m.path == path).feeds(DATA) for x in feed.values()]
    got, expected = [mine(x) for x in pictures], [theirs(x) for x in pictures]
    for a, b in outputs:
        y, z = np.stack([g[a] for g in got]), np.stack([e[b] for e in expected])
        assert y.shape == z.shape and np.abs(y - z).max() <= 1e-4 * np.abs(z).max()


@pytest.mark.parametrize("name", ["resnet20", "lprnet", "minifasnet_v1se", "retinaface_mobilenet0.25", "mobilenet_v1_0.25_leaky"])
def test_same_as_torch(name: str) -> None:
    """Those without such a file: the module itself, in float64."""
    entry = models.describe(name)
    net = models.create(name, pretrained=DATA / entry.weights).double()
    x = np.random.default_rng(0).standard_normal(entry.shapes[0]).astype(np.float32)
    with torch.no_grad():
        expected = net(torch.from_numpy(x).double())
    expected = [y.numpy() for y in (expected if isinstance(expected, tuple) else (expected,))]
    for got, y in zip(compiled(name)(x), expected, strict=True):
        assert np.abs(got - y).max() <= 1e-4 * np.abs(y).max()


def test_liveness_scores() -> None:
    found = antispoof.fused({name: compiled(name) for name in antispoof.SCALES})
    assert {n: label for n, (label, _) in found.items()} == {"image_F1": 2, "image_F2": 2, "image_T1": 1}
    for name, score in (("image_F1", 0.732), ("image_F2", 0.817), ("image_T1", 0.994)):
        assert abs(found[name][1] - score) < 1e-3, name


def test_colour_order_and_scale_matter() -> None:
    """What is known of wrong inputs: in RGB a fake looks live, and divided by 255 everything is of class 2."""
    run, box = compiled("minifasnet_v2"), antispoof.SAMPLES["image_F2"]
    x = antispoof.prepare(antispoof.open_rgb(DATA / "antispoof/sample/image_F2.jpg"), box, 2.7)
    rgb, small = antispoof.softmax(run(np.ascontiguousarray(x[:, ::-1]))[0][0]), antispoof.softmax(run(x / np.float32(255))[0][0])
    assert rgb.argmax() == antispoof.LIVE and rgb.max() > 0.9 and small.argmax() == 2 and small.max() > 0.9


def test_plates() -> None:
    assert plates.evaluate(compiled("lprnet")) == (363 / 400, 400)


def test_binary_networks_tell_their_test_pictures() -> None:
    """BNN-PYNQ's own pictures; and digits, of which its training is said to get some 98.48 % right."""
    lfc, cnv = compiled("lfc_w1a1"), compiled("cnv_w1a1")
    assert binary.samples(lfc, cnv) == (1.0, 2)
    assert (lfc(binary.three())[0] > 0).tolist() == [[k == 3 for k in range(10)]]
    share, n = binary.lfc(lfc, 1000)
    assert n == 1000 and share > 0.975


@pytest.mark.parametrize("name", ["lfc_w1a1", "cnv_w1a1"])
def test_binary_networks_by_matching_bits(name: str) -> None:
    """From the archive's words alone, in integers: bits that match are counted and compared with the thresholds."""
    from tests.models.bnn_words import scores

    x = binary.three() if name == "lfc_w1a1" else binary.deer()
    assert np.array_equal(compiled(name)(x)[0][0], scores(DATA / models.describe(name).weights, x[0]))


@pytest.mark.parametrize("name", ["face_api_68", "face_api_68_tiny"])
def test_face_api_landmarks(name: str) -> None:
    """No figure is published for these faces; both are as good as the networks that are measured."""
    error, n = landmarks.face_api(compiled(name))
    assert n == 25 and error < 0.052


def test_tiny_face_detector_finds_the_face() -> None:
    """Best box on a photograph against that of another detector (UltraFace: .31, .11, .62, .59)."""
    from PIL import Image

    from pith.models.face_api import MEAN_DETECTOR, boxes

    picture = Image.open(DATA / "detection/images/obama.jpg").convert("RGB")
    side = max(picture.size)
    square = Image.new("RGB", (side, side))
    square.paste(picture, (0, 0))
    x = (np.asarray(square.resize((416, 416)), np.float32) - np.array(MEAN_DETECTOR, np.float32)) / np.float32(256)
    found, scores = boxes(compiled("tiny_face_detector")(np.ascontiguousarray(x.transpose(2, 0, 1)[None]))[0][0])
    best = found[scores.argmax()] * side / np.array([*picture.size, *picture.size])
    overlap = np.minimum(best[2:], [0.62, 0.59]) - np.maximum(best[:2], [0.31, 0.11])
    areas = (best[2] - best[0]) * (best[3] - best[1]) + 0.31 * 0.48
    assert scores.max() > 0.8 and overlap.prod() / (areas - overlap.prod()) > 0.5


def test_cifar() -> None:
    """80.5 % on every fifth of the JPEG copies, as by other software (91.78 % is published for lossless pictures)."""
    share, n = classification.accuracy(compiled("resnet20"), classification.cifar_test, classification.normalised)
    assert n == 2000 and abs(round(n * share) - 1610) <= 1


def test_imagenet() -> None:
    share, n = classification.accuracy(compiled("mobilenet_v1_0.25_leaky"), classification.imagenet, classification.photograph)
    assert n == 309 and round(100 * share, 1) in (54.0, 54.1)


@pytest.mark.parametrize("slim", [True, False])
def test_landmarks(slim: bool) -> None:
    """As good as the project's file by ONNX Runtime, and as the measured figure within what one pixel of the crop does."""
    name = "slim_160" if slim else "pfld106_lite"
    error, n = landmarks.evaluate(compiled(name), slim)
    other, _ = landmarks.evaluate(by_onnx_runtime(DATA / SHIPPED[name][0]), slim)
    assert n == 25 and abs(error - other) < 1e-5 and abs(error - (0.049 if slim else 0.039)) < 0.002


def test_retinaface_finds_the_face() -> None:
    """Best box on a photograph against that of another detector (UltraFace: .31, .11, .62, .59)."""
    from PIL import Image

    from pith.models.retinaface import anchors

    bgr = np.asarray(Image.open(DATA / "detection/images/obama.jpg").convert("RGB").resize((320, 320)), np.float32)[..., ::-1]
    x = (bgr - np.array([104, 117, 123], np.float32)).transpose(2, 0, 1)[None]
    boxes, scores, _ = compiled("retinaface_mobilenet0.25")(np.ascontiguousarray(x))
    best = int(scores[0, :, 1].argmax())
    prior = anchors(320, 320).numpy()[best]
    centre, size = prior[:2] + 0.1 * boxes[0, best, :2] * prior[2:], prior[2:] * np.exp(0.2 * boxes[0, best, 2:])
    assert scores[0, best, 1] > 0.99
    corners = np.concatenate([centre - size / 2, centre + size / 2])
    assert np.abs(corners - [0.31, 0.11, 0.62, 0.59]).max() < 0.06


@pytest.mark.parametrize(("scale", "expected"), [(2, 37.651), (3, 33.933), (4, 31.884)])
def test_super_resolution(scale: int, expected: float) -> None:
    tile = super_resolution.TILE[scale]
    run = compiled(f"lesrcnn_x{scale}", ((1, 3, tile, tile),))
    value, n = super_resolution.evaluate(run, super_resolution.set5, scale)
    assert n == 5 and abs(value - expected) < 0.001


def test_whole_picture() -> None:
    """PyTorch on the first picture of Set5, whole and not in tiles."""
    net = models.create("lesrcnn_x4", pretrained=DATA / "sr/lesrcnn_x4.pth")
    small, large = next(super_resolution.set5(4))
    x = torch.from_numpy(small.astype(np.float32) / np.float32(255)).permute(2, 0, 1)[None]
    with torch.no_grad():
        y = net(x)[0].permute(1, 2, 0).numpy()
    value = super_resolution.psnr(np.clip(y * 255, 0, 255).astype(np.uint8), large, 4)
    assert abs(value - 33.51) < 0.01



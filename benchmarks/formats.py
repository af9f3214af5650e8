"""Published ncnn, Caffe and Tengine models on real pictures: `python -m benchmarks.formats [--draw OUT.png]`.

Prints a table: what each model was asked, what it answers compiled by Pith, and what its publishers, or its own engine, say.
The models and pictures lie in the folder that PITH_DATA names. --draw paints the 212 landmarks on a photograph.
"""

from __future__ import annotations

import argparse
import csv
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

import pith
from pith.runtime.session import Session

DATA = Path(os.environ.get("PITH_DATA", "data"))
_FACE = 1.2  # side of the crop around a face, in sides of its box


def bilinear(picture: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float] | None = None) -> np.ndarray:
    """`box` (all of it, unless given) of a picture at `size` (width, height), each pixel between four, as OpenCV resizes."""
    x0, y0, x1, y1 = box or (0, 0, picture.width, picture.height)
    moved = picture.transform(size, Image.Transform.AFFINE, ((x1 - x0) / size[0], 0, x0, 0, (y1 - y0) / size[1], y0), Image.Resampling.BILINEAR)
    return np.asarray(moved, np.float32)


def planes(pixels: np.ndarray, mean: object = 0.0, scale: object = 1.0, *, bgr: bool = True) -> np.ndarray:
    """[1, 3, H, W] of pixels [H, W, 3] in RGB: (x - mean) * scale, the channels turned round first."""
    x = (pixels[..., ::-1] if bgr else pixels) - np.asarray(mean, np.float32)
    return np.ascontiguousarray((x * np.asarray(scale, np.float32)).transpose(2, 0, 1)[None], np.float32)


def squeezenet(run: Callable[[np.ndarray], np.ndarray] | None = None) -> tuple[float, float, int]:
    """Top-1 and top-5 in percent of SqueezeNet 1.1 (ncnn, float16), and how many pictures; `run` is another engine than Pith."""
    run = run or pith.compile(DATA / "imagenet_models" / "squeezenet_v1.1.param")
    with (DATA / "imagenet" / "labels.csv").open() as f:
        rows = list(csv.DictReader(f))
    hits = np.zeros(2)
    for row in rows:
        picture = Image.open(DATA / "imagenet" / "images" / row["file"]).convert("RGB")
        k = 227 / 0.875 / min(picture.size)
        picture = picture.resize((round(picture.width * k), round(picture.height * k)), Image.Resampling.BILINEAR)
        left, top = (picture.width - 227) // 2, (picture.height - 227) // 2
        x = planes(np.asarray(picture.crop((left, top, left + 227, top + 227)), np.float32), [104, 117, 123])
        best = np.argsort(-np.asarray(run(x)).ravel())[:5]
        hits += [best[0] == int(row["class_index"]), int(row["class_index"]) in best]
    return float(100 * hits[0] / len(rows)), float(100 * hits[1] / len(rows)), len(rows)


def by_ncnn() -> str:
    """The same by ncnn in float32, where it is installed."""
    try:
        import ncnn
    except ImportError:
        return "not measured: the package ncnn is not installed"
    net = ncnn.Net()
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.load_param(str(DATA / "imagenet_models" / "squeezenet_v1.1.param"))
    net.load_model(str(DATA / "imagenet_models" / "squeezenet_v1.1.bin"))

    def run(x: np.ndarray) -> np.ndarray:
        extractor = net.create_extractor()
        extractor.input("data", ncnn.Mat(x[0]).clone())
        return np.array(extractor.extract("prob")[1])

    return "{:.1f} / {:.1f} % (ncnn)".format(*squeezenet(run)[:2])


def words(model: str) -> dict[str, str]:
    """What a recogniser (ncnn, float16) reads on four pictures, each as wide as it is when it is 32 pixels high.

    Of the classes, 0 is nothing and the others are characters; the same class again is no new character.
    """
    files = ("words_en/word_1.png", "words_en/word_2.png", "words_ch/word_1.jpg", "words_ch/word_4.jpg")
    pictures = [Image.open(DATA / "ocr" / f).convert("RGB") for f in files]
    inputs = [planes(bilinear(p, (round(p.width * 32 / p.height), 32)), 127.5, 1 / 127.5) for p in pictures]
    net = pith.compile(DATA / "ocr" / "ncnn" / f"{model}.param", shapes={"input": [x.shape for x in inputs]})
    keys = ["", *(DATA / "ocr" / "ppocr_keys_v1.txt").read_text(encoding="utf-8").split("\n")]
    found = {}
    for file, x in zip(files, inputs, strict=True):
        codes = net(x)[0].argmax(1)
        kept = [c for k, c in enumerate(codes) if c and (k == 0 or codes[k - 1] != c)]
        found[file] = "".join(keys[c] if c < len(keys) else " " for c in kept)
    return found


def nanodet() -> tuple[float, int]:
    """Best class score of NanoDet-m (ncnn) on person.jpg, and the class."""
    net = pith.compile(DATA / "detection" / "nanodet_m.param", shapes={"input.1": (1, 3, 320, 320)})
    picture = Image.open(DATA / "detection" / "images" / "person.jpg").convert("RGB")
    outputs = net(planes(bilinear(picture, (320, 320)), [103.53, 116.28, 123.675], [0.017429, 0.017507, 0.017125]))
    scores = np.concatenate([y[0] for y in outputs if y.shape[-1] == 80])
    return float(scores.max()), int(scores.max(0).argmax())


def fastestdet() -> tuple[float, int]:
    """Best score (object times class, as its authors weigh them) of FastestDet (ncnn) on fastestdet_3.jpg, and the class."""
    net = pith.compile(DATA / "detection" / "FastestDet.param", shapes={"input.1": (1, 3, 352, 352)})
    picture = Image.open(DATA / "detection" / "images" / "fastestdet_3.jpg").convert("RGB")
    y = net(planes(bilinear(picture, (352, 352)), 0, 1 / 255))[0]
    scores = y[0] ** 0.6 * y[5:].max(0) ** 0.4
    best = np.unravel_index(scores.argmax(), scores.shape)
    return float(scores.max()), int(y[5:, best[0], best[1]].argmax())


def retinaface(name: str) -> tuple[float, list[int]]:
    """Score and box (x, y, width, height) of the surest face on a picture, by the detector of Silent-Face-Anti-Spoofing (Caffe)."""
    image = ImageOps.exif_transpose(Image.open(DATA / "antispoof" / "sample" / f"{name}.jpg")).convert("RGB")
    w, h = image.size
    size = int(192 * (w / h) ** 0.5), int(192 / (w / h) ** 0.5)
    net = pith.compile(DATA / "antispoof" / "Widerface-RetinaFace.caffemodel", shapes={"data": (1, 3, size[1], size[0])})
    boxes, scores = net(planes(bilinear(image, size), [104, 117, 123]))
    best = scores[0, :, 1].argmax()
    x0, y0, x1, y1 = boxes[0, best] * [w, h, w, h]
    return float(scores[0, best, 1]), [int(v) for v in (x0, y0, x1 - x0 + 1, y1 - y0 + 1)]


def landmarks(net: Session, picture: Image.Image, box: tuple[float, float, float, float]) -> np.ndarray:
    """The 212 points [212, 2] of TengineKit's network (Tengine) in pixels of a picture, for a face in `box` (x, y, width, height)."""
    x, y, w, h = box
    side = _FACE * max(w, h)
    left, top = x + w / 2 - side / 2, y + h / 2 - side / 2
    grey = bilinear(picture.convert("L"), (112, 112), (left, top, left + side, top + side))
    found = net(((grey - 127.5) / 127.5)[None, None])
    return np.asarray(found).reshape(-1)[:424].reshape(212, 2) * side + [left, top]


def landmark_error() -> tuple[float, int]:
    """Mean distance from 68 annotated points to the nearest of the 212, in percent of the distance of the outer corners of the eyes,
    and how many faces."""
    net = pith.compile(DATA / "landmarks" / "tenginekit_face_landmark_2d.tmfile")
    folder, errors = DATA / "landmarks" / "dlib_faces", []
    for image in ElementTree.parse(folder / "testing_with_face_landmarks.xml").iter("image"):
        picture = Image.open(folder / image.attrib["file"])
        for box in image.iter("box"):
            left, top, w, h = (float(box.attrib[k]) for k in ("left", "top", "width", "height"))
            points = np.array([[float(p.attrib["x"]), float(p.attrib["y"])] for p in box.iter("part")])
            found = landmarks(net, picture, (left, top, w, h))
            near = np.linalg.norm(points[:, None] - found[None], axis=2).min(1)
            errors.append(100 * near.mean() / np.linalg.norm(points[36] - points[45]))
    return float(np.mean(errors)), len(errors)


def draw(path: Path) -> None:
    """A photograph with the points on it, each part of the face in a colour of its own."""
    net = pith.compile(DATA / "landmarks" / "tenginekit_face_landmark_2d.tmfile")
    picture = Image.open(DATA / "landmarks" / "images" / "tenginekit_man.jpg").convert("RGB")
    points = landmarks(net, picture, (193, 57, 153, 213))
    large = picture.resize((picture.width * 2, picture.height * 2))
    pen = ImageDraw.Draw(large)
    for end, begin, colour in ((37, 0, "red"), (69, 37, "orange"), (101, 69, "yellow"), (133, 101, "cyan"), (180, 133, "lime"), (212, 180, "magenta")):
        for x, y in points[begin:end] * 2:
            pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill=colour)
    large.save(path)


def _words(model: str) -> str:
    return ", ".join(words(model).values())


_PEOPLE = {0: "person"}
ROWS: list[tuple[str, str, Callable[[], str], str | Callable[[], str]]] = [
    ("squeezenet_v1.1.param", "309 photographs, top-1 / top-5", lambda: "{:.1f} / {:.1f} %".format(*squeezenet()[:2]), by_ncnn),
    ("rec-sim-op.param", "four words", lambda: _words("rec-sim-op"), "JOINT, yourself, 韩国小馆, 实力活力"),
    ("pdocrv2.0_rec-op.param", "four words", lambda: _words("pdocrv2.0_rec-op"), "JOINT, yourself, 韩国小馆, 实力活力"),
    ("nanodet_m.param", "person.jpg, best score", lambda: "{:.2f} {}".format(*_named(nanodet())), "0.68 (ncnn)"),
    ("FastestDet.param", "fastestdet_3.jpg, best score", lambda: "{:.2f} {}".format(*_named(fastestdet())), "0.90 person (ncnn)"),
    ("Widerface-RetinaFace.caffemodel", "image_F1.jpg, box", lambda: str(retinaface("image_F1")[1]), "178, 136, 223, 225 (OpenCV)"),
    ("Widerface-RetinaFace.caffemodel", "image_F2.jpg, box", lambda: str(retinaface("image_F2")[1]), "120, 252, 252, 256 (OpenCV)"),
    ("Widerface-RetinaFace.caffemodel", "image_T1.jpg, box", lambda: str(retinaface("image_T1")[1]), "106, 147, 207, 213 (OpenCV)"),
    ("tenginekit_face_landmark_2d.tmfile", "25 annotated faces, error / outer-eye distance", lambda: f"{landmark_error()[0]:.1f} %", "-"),
]


def _named(found: tuple[float, int]) -> tuple[float, str]:
    return found[0], _PEOPLE.get(found[1], f"class {found[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draw", type=Path, help="only paint the landmarks, into this picture")
    args = parser.parse_args()
    if args.draw:
        draw(args.draw)
        return
    print("| model | asked | Pith | expected |\n|---|---|---|---|")
    for model, asked, answer, expected in ROWS:
        wanted = expected if isinstance(expected, str) else expected()
        print(f"| {model} | {asked} | {answer()} | {wanted} |", flush=True)


if __name__ == "__main__":
    main()

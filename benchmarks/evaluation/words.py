"""Words in photographs and scans of `ocr/`, letters and digits only, with where they stand and what they say (read by eye)."""

from __future__ import annotations

import numpy as np

from benchmarks.evaluation.base import DATA, open_rgb

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels, around the ink."""

CROPS = {"word_1": "JOINT", "word_2": "yourself", "word_3": "154", "word_4": "197", "word_5": "727"}
"""Of ocr/words_en, cut as they come."""

PAGES: dict[str, list[tuple[Box, str]]] = {
    "en": [
        ((7, 8, 19, 24), "3"), ((48, 7, 185, 25), "MovieShots"), ((197, 7, 286, 24), "Dataset"), ((7, 55, 29, 69), "To"),
        ((35, 55, 110, 69), "facilitate"), ((116, 55, 143, 69), "the"), ((149, 55, 184, 69), "shot"), ((191, 57, 228, 73), "type"),
        ((235, 55, 302, 73), "analysis"), ((309, 55, 324, 69), "in"), ((330, 55, 382, 69), "videos"), ((395, 60, 417, 69), "we"),
        ((423, 55, 477, 69), "collect"), ((485, 55, 580, 69), "MovieShots"), ((594, 60, 604, 69), "a"), ((7, 79, 42, 93), "shot"),
        ((49, 81, 87, 97), "type"), ((94, 79, 187, 93), "annotation"), ((194, 81, 217, 93), "set"), ((224, 79, 259, 93), "that"),
        ((267, 79, 337, 93), "contains"), ((345, 79, 382, 93), "46K"), ((389, 79, 432, 93), "shots"), ((440, 79, 479, 93), "from"),
        ((487, 79, 525, 94), "7858"), ((532, 79, 588, 93), "movies"), ((602, 79, 635, 93), "The"), ((642, 79, 698, 93), "details"),
        ((7, 103, 24, 117), "of"), ((29, 103, 61, 117), "this"), ((68, 103, 130, 117), "dataset"), ((139, 108, 164, 117), "are"),
        ((171, 103, 245, 121), "specified"), ((252, 108, 269, 117), "as"), ((277, 103, 333, 117), "follows"),
    ],
    "00018069": [
        ((25, 25, 48, 36), "ALT"), ((21, 44, 52, 55), "TBIL"), ((21, 63, 52, 74), "DBIL"), ((22, 82, 52, 93), "IBIL"), ((29, 101, 44, 112), "TP"),
        ((25, 120, 48, 131), "ALB"), ((25, 139, 48, 150), "GLO"), ((25, 177, 48, 188), "ALP"), ((25, 196, 48, 207), "GGT"),
        ((25, 215, 48, 226), "AST"), ((25, 234, 49, 245), "LDH"), ((25, 253, 49, 264), "ADA"), ((243, 177, 257, 188), "93"),
        ((239, 234, 261, 245), "167"),
    ],
    "00207393": [
        ((156, 118, 291, 132), "AGRICULTURAL"), ((302, 118, 350, 131), "BANK"), ((360, 117, 383, 131), "OF"), ((390, 117, 448, 131), "CHINA"),
    ],
    "00009282": [((88, 57, 164, 77), "Meters"), ((181, 57, 254, 77), "bonwe")],
    "11": [
        ((35, 116, 60, 132), "45"), ((186, 116, 226, 132), "100"), ((145, 146, 198, 162), "1000"), ((209, 181, 249, 195), "OEM"),
        ((254, 181, 301, 195), "ODM"), ((200, 242, 243, 257), "3011"), ((126, 273, 180, 287), "220ml"),
    ],
}  # fmt: skip
"""Of ocr/imgs."""


def crops() -> list[tuple[np.ndarray, str]]:
    """Pictures uint8 RGB ``(h, w, 3)`` of ocr/words_en, and what they say."""
    return [(open_rgb((DATA / "ocr" / "words_en" / f"{name}.png").read_bytes()), text) for name, text in CROPS.items()]


def cut(margin: float = 0.12) -> list[tuple[np.ndarray, str]]:
    """The words of the pages, with `margin` of their height around them."""
    out = []
    for name, found in PAGES.items():
        page = open_rgb((DATA / "ocr" / "imgs" / f"{name}.jpg").read_bytes())
        for (left, top, right, bottom), text in found:
            edge = max(1, round(margin * (bottom - top)))
            out.append((page[max(0, top - edge) : bottom + edge, max(0, left - edge) : right + edge], text))
    return out

"""Pictures are read for training as `pith run` reads them."""

import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="training needs PyTorch")

from pith.train.data.sets import read_pictures

GREY = np.arange(0, 240, 10, dtype=np.uint8).reshape(4, 6)


def _png(image: Image.Image, **how: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "png", **how)
    return file.getvalue()


def test_sixteen_bits_are_scaled_and_pictures_are_turned_upright() -> None:
    deep = _png(Image.fromarray(GREY.astype(np.uint16) * 257))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    turned = _png(Image.fromarray(GREY[::-1, ::-1].copy()), exif=exif)
    pictures, _, _ = read_pictures([("deep", lambda: deep, 0), ("turned", lambda: turned, 1)], "stop")
    for picture in pictures.numpy():
        np.testing.assert_array_equal(picture, np.stack([GREY] * 3))

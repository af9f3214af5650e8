"""Networks that have no released weights here: compiled, they give what PyTorch gives; rules of the binary ones and of the branches."""

from __future__ import annotations

import os

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the networks of pith.models are PyTorch modules; install torch to test them")
pytest.importorskip("onnxscript", reason="PyTorch exports ONNX by onnxscript; install it to test compiled networks")

import pith  # noqa: E402
from pith import models  # noqa: E402
from pith.models.registry import example  # noqa: E402

_PHOTO: tuple[tuple[int, ...], ...] = ((1, 3, 64, 64),)
SMALL: dict[str, tuple[tuple[int, ...], ...] | None] = {
    "ds_cnn": None, "resnet8": None, "mobilenet_v3_small": ((1, 3, 96, 65),), "pfld_68": None, "ppocr_cls": None, "ppocr_rec": ((1, 3, 32, 96),),
    "text_crnn": ((1, 3, 32, 32),),
    "ppocr_det": ((1, 3, 64, 96),), "nanodet_m": ((1, 3, 96, 64),),
    "tinybert4": ((1, 16),) * 3, "bnn_mlp": None, "bireal18": ((1, 3, 64, 64),),
}  # fmt: skip
"""Always tested; all others where HEAVY says so."""
SHAPES: dict[str, tuple[tuple[int, ...], ...] | None] = {
    **{n: _PHOTO for n in models.list_models("mobilenet_v*") + models.list_models("resnet[15]*") + models.list_models("mobilenext*")},
    "fastestdet": ((1, 3, 96, 96),), "retinaface_mobilenet0.25": ((1, 3, 96, 96),), "yunet_n": ((1, 3, 96, 96),),
    "ssdlite_mobilenet_v2": ((1, 3, 96, 96),), "tiny_face_detector": ((1, 3, 96, 96),),
    "ppocr_det_256": ((1, 3, 64, 64),), "ppocr_det_slim": ((1, 3, 64, 64),), "tinybert6": ((1, 8),) * 3,
    **{n: ((1, 3, 12, 11),) for n in models.list_models("lesrcnn*")}, "mobilenext_cifar": None, **SMALL,
}  # fmt: skip
HEAVY = pytest.mark.skipif(not os.environ.get("PITH_ALL_NETWORKS"), reason="half an hour for all networks; set PITH_ALL_NETWORKS=1")


def lively(net: torch.nn.Module) -> torch.nn.Module:
    """With statistics and offsets that are not trivial, so that a mistake in them shows and no binary sum is exactly 0."""
    generator = torch.Generator().manual_seed(0)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            for value, low, high in ((module.running_mean, -0.4, 0.4), (module.running_var, 0.5, 1.5), (module.bias, -0.3, 0.3)):
                value.data.copy_(low + (high - low) * torch.rand(value.shape, generator=generator))
    return net


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in SMALL else HEAVY) for n in models.list_models()])
def test_compiled_is_the_module(name: str) -> None:
    torch.manual_seed(0)
    net = lively(models.create(name))
    inputs = example(name, SHAPES.get(name))
    got = pith.from_torch(net, inputs, opt="-O1")(*(x.numpy() for x in inputs))
    with torch.no_grad():
        result = net.double()(*(x.double() if x.is_floating_point() else x for x in inputs))
    for y, exact in zip(*(r if isinstance(r, tuple) else (r,) for r in (got, result)), strict=True):
        expected = exact.numpy()
        assert np.abs(expected).max() > 1e-6 and np.abs(y - expected).max() <= 1e-4 * np.abs(expected).max()


def test_branches_that_only_training_has() -> None:
    x = torch.rand(2, 3, 80, 80)
    logits, spectrum = models.create("multiftnet").train()(x)
    assert logits.shape == (2, 3) and spectrum.shape == (2, 1, 10, 10)
    points, angles = models.create("pfld_98").train()(torch.rand(2, 3, 112, 112))
    assert points.shape == (2, 196) and angles.shape == (2, 3)
    probability, threshold = models.create("ppocr_det").train()(torch.rand(1, 3, 64, 32))
    assert probability.shape == threshold.shape == (1, 1, 64, 32)


def test_spectrum_of_a_picture() -> None:
    """Against NumPy's transform; the largest value, 1, is that of the zero frequency, which lies in the middle."""
    from pith.models.minifasnet import spectrum

    gray = np.random.default_rng(0).random((10, 10)).astype(np.float32)
    f = np.log1p(np.abs(np.fft.fftshift(np.fft.fft2(gray))))
    expected = (f - f.min() + 1) / (f.max() - f.min() + 1)
    got = spectrum(torch.from_numpy(gray)[None])[0, 0].numpy()
    assert np.allclose(got, expected, atol=1e-5) and got[5, 5] == got.max() == 1


def test_multi_scale_super_resolution() -> None:
    net, x = models.create("lesrcnn_multi"), torch.rand(1, 3, 6, 5)
    for scale in (2, 3, 4):
        net.scale = scale
        assert net(x).shape == (1, 3, 6 * scale, 5 * scale)
    single = models.create("lesrcnn_x3")
    state = {k.replace("up3.", "up."): v for k, v in net.state_dict().items() if "up2" not in k and "up4" not in k}
    single.load_state_dict(state)
    net.scale = 3
    assert torch.equal(single(x), net(x))

"""Parameters and multiply-accumulates against published figures, or those of the released weight files."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the networks of pith.models are PyTorch modules; install torch to test them")

from pith import models  # noqa: E402
from pith.models.cost import Cost, count  # noqa: E402
from pith.models.registry import example, released  # noqa: E402

RELEASED = [n for n in models.list_models() if models.describe(n).weights]
# Millions of parameters and of multiply-accumulates, as stated (None: not stated), and the digits they are stated with.
STATED = [
    ("minifasnet_v1", 0.4144, 4, 40.86, 2),
    ("minifasnet_v2", 0.4346, 4, 40.72, 2),
    ("minifasnet_v1se", 0.4336, 4, None, 0),
    ("minifasnet_v2se", 0.4538, 4, None, 0),
    ("minifasnet_unpruned", 0.9912, 4, 112.8, 1),
    ("mobilenet_v2_1.4", 6.109, 3, 582, 0),
    ("mobilenet_v2_1.0", 3.505, 3, 300.8, 1),
    ("mobilenet_v2_0.75", 2.636, 3, 209, 0),
    ("mobilenet_v2_0.5", 1.969, 3, 97, 0),
    ("mobilenet_v2_0.35", 1.677, 3, 59, 0),
    ("tinybert4", 14.35, 2, None, 0),
]


@pytest.mark.parametrize(("name", "params", "digits", "macs", "mac_digits"), STATED)
def test_stated_counts(name: str, params: float, digits: int, macs: float | None, mac_digits: int) -> None:
    cost = count(models.create(name), examples=example(name))
    assert round(cost.params / 1e6, digits) == params
    assert macs is None or round(cost.macs / 1e6, mac_digits) == macs


@pytest.mark.parametrize(("name", "params"), [("lesrcnn_x2", 626_304), ("lesrcnn_x3", 810_944), ("lesrcnn_x4", 774_016), ("lesrcnn_multi", 1_254_080)])
def test_lesrcnn_parameters(name: str, params: int) -> None:
    assert sum(p.numel() for p in models.create(name).parameters()) == params


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_lesrcnn_macs_by_pixel(scale: int) -> None:
    """By the formulas: what is computed at the small size, the upsampler twice, what is computed at the large size."""
    up = {2: 147_456, 3: 331_776, 4: 147_456 + 4 * 147_456}[scale]
    pixel = 1_728 + 8 * (36_864 + 4_096) + 2 * up + (4 * 36_864 + 1_728) * scale * scale
    assert count(models.create(f"lesrcnn_x{scale}"), (1, 3, 7, 5)).macs == 35 * pixel


@pytest.mark.parametrize("name", RELEASED)
def test_as_many_parameters_as_the_released_file(name: str, data_dir: Path) -> None:
    file = data_dir / models.describe(name).weights
    if not file.exists():
        pytest.skip(f"{file} is not there")
    net = models.create(name, pretrained=file)
    learned = {n for n, _ in net.named_parameters()}
    held = {k: v for k, v in released(name, file).items() if "running_" not in k and "num_batches" not in k and "shifter" not in k}
    assert sum(v.numel() for v in held.values()) == sum(p.numel() for p in net.parameters()) and held.keys() == learned


def test_count_by_hand() -> None:
    net = torch.nn.Sequential(
        torch.nn.Conv2d(4, 6, 3, padding=1, groups=2), torch.nn.BatchNorm2d(6), torch.nn.ConvTranspose2d(6, 3, 2, 2, bias=False),
        torch.nn.Flatten(), torch.nn.Linear(3 * 10 * 14, 2),
    )  # fmt: skip
    params = (6 * 2 * 9 + 6) + 12 + 6 * 3 * 4 + (420 * 2 + 2)
    assert count(net, (1, 4, 5, 7)) == Cost(params, 35 * 6 * 2 * 9 + 35 * 6 * 3 * 4 + 840)
    lstm = torch.nn.LSTM(5, 7, bidirectional=True, batch_first=True)
    assert count(lstm, (1, 3, 5)).macs == 3 * 2 * 4 * 7 * (5 + 7)


@pytest.mark.parametrize(("n", "millions"), [(32, 148), (65, None)])
def test_tinybert_macs(n: int, millions: int | None) -> None:
    """The encoder by its formula; pooler and classifier come on top."""
    layers, width, wide = 4, 312, 1200
    encoder = layers * (n * (4 * width**2 + 2 * width * wide) + 2 * n * n * width)
    cost = count(models.create("tinybert4"), examples=example("tinybert4", ((1, n),) * 3))
    assert cost.macs == encoder + width**2 + 2 * width and millions in (None, round(encoder / 1e6))


def stored(net: torch.nn.Module) -> int:
    """Parameters and statistics of batch normalisation: what a file holds."""
    return sum(v.numel() for k, v in net.state_dict().items() if "num_batches" not in k)


@pytest.mark.parametrize(("inner", "gates", "numbers"), [(256, True, 1_692_343), (96, True, 951_983), (96, False, 572_441)])
def test_ppocr_detector(inner: int, gates: bool, numbers: int) -> None:
    assert stored(models.create("ppocr_det", inner=inner, gates=gates, threshold=False)) == numbers


def test_ppocr_recogniser() -> None:
    net = models.create("ppocr_rec")
    assert round(stored(net.backbone), -3) == 259_000 and stored(net.fc) == 6624 * 97


@pytest.mark.parametrize(
    ("name", "settings", "path"),
    [
        ("ppocr_det_slim", {"threshold": False}, "ocr/onnx/ch_ppocr_mobile_v2.0_det_infer.onnx"),
        ("ppocr_cls", {}, "ocr/onnx/ch_ppocr_mobile_v2.0_cls_infer.onnx"),
        ("ds_cnn", {}, "mlperf_tiny/kws_ref_model.onnx"),
        ("resnet8", {}, "mlperf_tiny/ic_resnet.onnx"),
    ],
)
def test_the_same_convolutions_as_a_released_network(name: str, settings: dict[str, bool], path: str, data_dir: Path) -> None:
    """Sizes and strides of all convolutions of an ONNX file of the same network, sorted."""
    import onnx

    graph = onnx.load(data_dir / path).graph
    sizes = {i.name: tuple(i.dims) for i in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            sizes[node.output[0]] = tuple(node.attribute[0].t.dims)
        elif node.op_type in ("DequantizeLinear", "QuantizeLinear") and node.input[0] in sizes:
            sizes[node.output[0]] = sizes[node.input[0]]
    theirs = sorted(
        (sizes[n.input[1]], tuple(onnx.helper.get_node_attr_value(n, "strides")))
        for n in graph.node
        if n.op_type in ("Conv", "ConvTranspose")
    )
    net = models.create(name, **settings)
    mine = sorted((tuple(m.weight.shape), m.stride) for m in net.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.ConvTranspose2d))
    assert mine == theirs


def test_nanodet_has_the_convolutions_of_the_released_network(data_dir: Path) -> None:
    """Outputs, kernel, stride and number of weights of each layer of the ncnn file."""
    rows = [line.split() for line in (data_dir / "detection" / "nanodet_m.param").read_text().splitlines()]
    facts = [dict(f.split("=") for f in r[6:] if not f.startswith("-")) for r in rows if r[0].startswith("Convolution")]
    theirs = sorted((int(f["0"]), int(f["1"]), int(f.get("3", 1)), int(f["6"])) for f in facts)
    convs = [m for m in models.create("nanodet_m").modules() if isinstance(m, torch.nn.Conv2d)]
    assert sorted((m.out_channels, m.kernel_size[0], m.stride[0], m.weight.numel()) for m in convs) == theirs


def test_binary_weights() -> None:
    from pith.models.binary import BinaryConv2d, BinaryLinear

    net = models.create("bnn_vgg")
    binary = sum(m.weight.numel() for m in net.modules() if isinstance(m, BinaryConv2d | BinaryLinear))
    assert binary == 14_008_320 and round(sum(p.numel() for p in net.parameters()) / 1e6, 2) == 14.03


def test_pairs_that_are_compared_cost_the_same() -> None:
    """The recipes' MobileNetV2 within 2 % of MobileNeXt; the binary VGG and its twin of real numbers alike, at the published 617 million."""
    from pith.train.recipe import load

    def cost(name: str, **changes: object) -> Cost:
        settings = dict(load(name).model)
        return count(models.create(settings.pop("type"), **{**settings, **changes}), (1, 3, 32, 32))

    next_, half, v2 = (cost(n) for n in ("mobilenext_small", "mobilenext_small_half", "mobilenet_v2_small"))
    assert next_ == half and abs(v2.macs / next_.macs - 1) < 0.02
    binary, real = (cost(n, width=128) for n in ("bnn_vgg_cifar10", "vgg_cifar10"))
    assert binary == real and round(binary.macs / 1e6) == 617

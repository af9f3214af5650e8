"""Parameters and multiply-accumulates against published figures, or those of the released weight files."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the networks of pith.models are PyTorch modules; install torch to test them")

from pith import models  # noqa: E402
from pith.models.cost import Cost, count  # noqa: E402
from pith.models.registry import example  # noqa: E402
from pith.models.weights import read_state  # noqa: E402

RELEASED = [n for n in models.list_models() if models.describe(n).weights]
# Millions of parameters and of multiply-accumulates, as stated (None: not stated), and the digits they are stated with.
STATED = [
    ("minifasnet_v1", 0.4144, 4, 40.86, 2),
    ("minifasnet_v2", 0.4346, 4, 40.72, 2),
    ("minifasnet_v1se", 0.4336, 4, None, 0),
    ("minifasnet_v2se", 0.4538, 4, None, 0),
    ("minifasnet_unpruned", 0.9912, 4, 112.8, 1),
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
    held = {k: v for k, v in read_state(file).items() if "running_" not in k and "num_batches" not in k and "shifter" not in k}
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

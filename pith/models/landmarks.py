"""Two released networks for points of a face: PFLD-lite for 106 points and slim-160 for 68 points with pose and states.

Both are MobileNetV1 blocks whose means at several depths a linear layer reads. Sources: pfld_106_face_landmarks (network of PFLD,
arXiv 1902.10859, on a lighter backbone; no licence stated) and Peppa-Facial-Landmark-PyTorch (Apache-2.0).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pith.models.blocks import conv_bn, separable, separable_bias


class PFLDLite(nn.Module):
    """``(N, 3, 112, 112) -> (N, 2 x points)``: x and y in units of the crop. Crops: BGR / 255."""

    def __init__(self, points: int = 106) -> None:
        super().__init__()
        rows = ((16, 32, 1), (32, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 64, 1), (64, 64, 1))
        deep = ((64, 128, 2), (128, 128, 1), (128, 128, 1), (128, 256, 1), (256, 256, 1))
        self.model = nn.Sequential(conv_bn(3, 16), *(separable(*row) for row in rows))
        self.model1 = nn.Sequential(*(separable(*row) for row in deep))
        self.extra = nn.Sequential(nn.Conv2d(256, 64, 1), nn.ReLU(inplace=True), separable_bias(64, 128, 2))
        self.conv1 = nn.Conv2d(64, 16, 3, 1, 1)
        self.conv2 = nn.Conv2d(256, 64, 1)
        self.fc = nn.Linear(16 + 64 + 128, 2 * points)

    def forward(self, x: Tensor) -> Tensor:
        """The points, x before y."""
        near = self.model(x)
        far = self.model1(near)
        means = [f.mean((2, 3)) for f in (self.conv1(near), self.conv2(far), self.extra(far))]
        return self.fc(torch.cat(means, 1))


class Slim(nn.Module):
    """``(N, 3, 160, 160) -> (N, 143)``: 68 points (x before y, in units of the crop), three angles, four states of eyes and mouth.

    Crops: BGR, (x - 127) / 127, the box of the face made half as large again.
    """

    def __init__(self, outputs: int = 143) -> None:
        super().__init__()
        rows = (
            (16, 32, 1), (32, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 64, 1), (64, 64, 1),
            (64, 128, 2), (128, 128, 1), (128, 128, 1), (128, 256, 2), (256, 256, 1),
        )  # fmt: skip
        self.conv1 = conv_bn(3, 16, 3, 2)
        for k, row in enumerate(rows, 2):
            self.add_module(f"conv{k}", separable(*row))
        self.fc = nn.Linear(64 + 128 + 256, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """All numbers; the points are the first 136."""
        x = self.conv1(x)
        means = []
        for k in range(2, 14):
            x = self.get_submodule(f"conv{k}")(x)
            if k in (8, 11, 13):
                means.append(x.mean((2, 3)))
        return self.fc(torch.cat(means, 1))

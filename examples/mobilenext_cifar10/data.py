"""CIFAR-10 photographs from zip files of JPEGs named ``<class>/<number>.jpg``, and augmentation on tensors."""

from __future__ import annotations

import io
import math
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F


def data_root() -> Path:
    """The folder of the data: ``$PITH_DATA``, or ``../shared/data`` beside the project."""
    return Path(os.environ.get("PITH_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def load_split(path: Path) -> tuple[Tensor, Tensor, list[str]]:
    """Pictures (N, 3, 32, 32) uint8 RGB, labels (N,) int64, class names in order (alphabetical, as in CIFAR-10)."""
    if not path.is_file():
        raise SystemExit(f"{path} is missing: set PITH_DATA to the folder that holds it (see README.md)")
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
        classes = sorted({name.split("/")[-2] for name in names})
        pictures = [np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB")) for name in names]
    labels = [classes.index(name.split("/")[-2]) for name in names]
    stacked = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()
    return stacked, torch.tensor(labels), classes


def normalise(x: Tensor, mean: list[float], std: list[float]) -> Tensor:
    """(N, 3, H, W) in 0..1 -> (x - mean) / std."""
    shape = (1, 3, 1, 1)
    return (x - torch.tensor(mean, device=x.device).view(shape)) / torch.tensor(std, device=x.device).view(shape)


def augment(x: Tensor, how: dict[str, Any], generator: torch.Generator) -> Tensor:
    """A random variation of every picture: (N, 3, H, W) in 0..1 -> the same. ``how``: section ``augment``."""
    n, _, h, w = x.shape

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(n, *shape, generator=generator, device=x.device) * (high - low) + low

    warp = uniform(0, 1) < how["warp"]
    zoom, aspect = uniform(-how["zoom"], how["zoom"]), uniform(-how["aspect"], how["aspect"])
    sx, sy = torch.exp(zoom + aspect), torch.exp(zoom - aspect)
    angle = uniform(-how["rotate"], how["rotate"]) * math.pi / 180
    flip = torch.where(uniform(0, 1) < how["flip"], -1.0, 1.0)
    shift = uniform(-how["shift"], how["shift"], 2) * 2 / torch.tensor([w, h], device=x.device)
    whole = torch.tensor([w, h], device=x.device) / 2  # pictures not warped move by whole pixels and stay sharp
    shift = torch.where(warp[:, None], shift, (shift * whole).round() / whole)
    one, zero = torch.ones_like(sx), torch.zeros_like(sx)
    sx, sy, angle = torch.where(warp, sx, one), torch.where(warp, sy, one), torch.where(warp, angle, zero)
    cos, sin = torch.cos(angle), torch.sin(angle)
    rows = torch.stack((cos * sx * flip, -sin * sy, shift[:, 0], sin * sx * flip, cos * sy, shift[:, 1]), dim=1)
    grid = F.affine_grid(rows.view(n, 2, 3), list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)

    c = how["colour"]
    if c:
        grey = x.mean(1, keepdim=True)
        x = grey + (x - grey) * uniform(1 - c, 1 + c, 1, 1, 1)
        level = x.mean((1, 2, 3), keepdim=True)
        x = level * uniform(1 - c, 1 + c, 1, 1, 1) + (x - level) * uniform(1 - c, 1 + c, 1, 1, 1)
        x = x.clamp(0, 1)
    if how["blur"]:
        chosen = (uniform(0, 1) < how["blur"]).nonzero().flatten()
        kernel = torch.tensor([1.0, 2.0, 1.0], device=x.device) / 4
        weight = (kernel[:, None] * kernel).expand(3, 1, 3, 3)
        picked = x[chosen]
        soft = F.conv2d(F.pad(picked, (1, 1, 1, 1), mode="reflect"), weight, groups=3)
        x[chosen] = picked + (soft - picked) * uniform(0, 1.5, 1, 1, 1)[chosen]
    if how["cutout"]:
        half = how["cutout_size"] / 2
        cy, cx = uniform(0, h, 1, 1), uniform(0, w, 1, 1)
        ys, xs = torch.arange(h, device=x.device).view(1, -1, 1), torch.arange(w, device=x.device).view(1, 1, -1)
        hole = ((ys - cy).abs() < half) & ((xs - cx).abs() < half) & (uniform(0, 1, 1, 1) < how["cutout"])
        x = torch.where(hole[:, None], torch.full_like(x, 0.47), x)
    return x


def resized(x: Tensor, size: int) -> Tensor:
    """(N, 3, H, W) -> (N, 3, size, size), antialiased."""
    if x.shape[-1] == size:
        return x
    return F.interpolate(x, size=(size, size), mode="bilinear", antialias=True, align_corners=False)

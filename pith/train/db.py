"""Task `db`: a detector of lines of text by differentiable binarisation (arXiv 1911.08947)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pith.graph.errors import ConfigError
from pith.models.text_boxes import boxes, matched
from pith.train.data.sets import DataSet
from pith.train.settings import within
from pith.train.tasks import Scores, Task


@dataclass
class Db(Task):
    """The network gives probabilities (N, 1, H, W), and in training the threshold map too; data are those of `text_pages`.

    loss = alpha * (cross entropy of the probabilities, over all texts and `ratio` times as many of the hardest places without)
    + dice of their binarised form 1 / (1 + exp(-k (P - T))) + beta * (mean absolute difference of the thresholds, near texts).
    Score: `f_measure` of boxes against those that the same steps find in the map taught, overlap at least 0.5.
    """

    alpha: float = 5.0
    beta: float = 10.0
    ratio: float = 3.0
    k: float = 50.0
    thresh: float = 0.3
    box_thresh: float = 0.6

    def __post_init__(self) -> None:
        """Raises ConfigError for numbers out of range."""
        for key, most in (("alpha", math.inf), ("beta", math.inf), ("ratio", math.inf), ("k", math.inf), ("thresh", 1), ("box_thresh", 1)):
            within(key, getattr(self, key), 0, most)

    def check(self, output: Tensor, data: DataSet) -> None:
        """Raises ConfigError for maps of another size than the pages, and data without the four maps."""
        if data.y.ndim != 4 or data.y.shape[1] != 4:
            raise ConfigError("the task db needs four maps for each page", where="data", why=f"labels are {list(data.y.shape)}", try_="type: text_pages")
        if output.ndim != 4 or output.shape[1] != 1 or output.shape[2:] != data.y.shape[2:]:
            raise ConfigError(f"the network gives {list(output.shape)}, not a map of {list(data.y.shape[2:])}", where="model")

    def loss(self, net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        """The sum of the three, in float32. Raises ConfigError for a network without a threshold map."""
        out = net(x)
        if not isinstance(out, tuple):
            raise ConfigError("the network gives no threshold map in training", where="model", try_="type: ppocr_det")
        p, t = (o.float().squeeze(1) for o in out)
        truth, counts, threshold, near = y.float().unbind(1)
        binary = torch.sigmoid(self.k * (p - t))
        return (
            self.alpha * balanced(p, truth, counts, self.ratio) + dice(binary, truth, counts)
            + self.beta * ((t - threshold / 255).abs() * near).sum() / (near.sum() + 1e-6)
        )  # fmt: skip

    def scores(self, net: nn.Module, x: Tensor, y: Tensor) -> Scores:
        """Twice the pairs, by the boxes of both sides: what is summed over pages is the F-measure of all."""
        pairs = sides = 0
        for p, truth in zip(net(x).float().cpu().numpy()[:, 0], y.cpu().numpy()[:, 0], strict=True):
            found, _ = boxes(p, self.thresh, self.box_thresh)
            taught, _ = boxes(truth.astype("float32"), self.thresh, self.box_thresh)
            pairs += matched(found, taught)
            sides += len(found) + len(taught)
        return {"f_measure": (2 * pairs, sides)}


def balanced(p: Tensor, truth: Tensor, counts: Tensor, ratio: float) -> Tensor:
    """Mean cross entropy over text and the `ratio` times as many places without text where it is largest; `counts` is 0 or 1."""
    with torch.autocast(p.device.type, enabled=False):
        each = F.binary_cross_entropy(p.clamp(1e-6, 1 - 1e-6), truth, reduction="none") * counts
    positive = truth * counts
    negative = (1 - truth) * counts
    many = min(int(negative.sum()), int(ratio * max(1, int(positive.sum()))))
    hardest = (each * negative).flatten().topk(many).values
    return ((each * positive).sum() + hardest.sum()) / (positive.sum() + many + 1e-6)


def dice(p: Tensor, truth: Tensor, counts: Tensor) -> Tensor:
    """1 - 2 sum(p truth) / (sum p + sum truth), where `counts` is 1."""
    common = (p * truth * counts).sum()
    return 1 - 2 * common / ((p * counts).sum() + (truth * counts).sum() + 1e-6)

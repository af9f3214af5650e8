"""TinyBERT (arXiv 1909.10351): the students of 4 layers of 312 and 6 layers of 768, with a classifier.

Names of layers are those of BERT weight files. Attention is written out, so that its scores can be had for distillation.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIZES = {4: (312, 1200, 12), 6: (768, 3072, 12)}
"""Width, width of the feed-forward layer, heads, by number of layers."""
VOCABULARY = 30_522


class Embeddings(nn.Module):
    """Word, place and segment, added and normalised."""

    def __init__(self, width: int, places: int) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(VOCABULARY, width, padding_idx=0)
        self.position_embeddings = nn.Embedding(places, width)
        self.token_type_embeddings = nn.Embedding(2, width)
        self.LayerNorm = nn.LayerNorm(width, eps=1e-12)
        self.dropout = nn.Dropout(0.1)

    def forward(self, tokens: Tensor, segments: Tensor) -> Tensor:
        """``(N, n), (N, n) -> (N, n, width)``."""
        places = self.position_embeddings.weight[: tokens.shape[1]]
        return self.dropout(self.LayerNorm(self.word_embeddings(tokens) + places + self.token_type_embeddings(segments)))


class SelfAttention(nn.Module):
    """Scaled products of queries and keys, masked, by values."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.heads = heads
        self.dropout = nn.Dropout(0.1)

    def scores(self, x: Tensor, mask: Tensor) -> Tensor:
        """``(N, heads, n, n)`` before softmax: what distillation compares."""
        q, k = self._split(self.query(x)), self._split(self.key(x))
        return q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + mask

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """``(N, n, width)``, and the scores; mask ``(N, 1, 1, n)`` is added to them."""
        scores = self.scores(x, mask)
        weights = self.dropout(F.softmax(scores, -1))
        return (weights @ self._split(self.value(x))).transpose(1, 2).flatten(2), scores

    def own_macs(self, x: Tensor, mask: Tensor) -> int:
        """Of the two products of activations (the three linear layers count for themselves)."""
        return 2 * x.shape[0] * x.shape[1] ** 2 * x.shape[2]

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


class Output(nn.Module):
    """A linear layer, added to the residual and normalised."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.dense = nn.Linear(inputs, outputs)
        self.LayerNorm = nn.LayerNorm(outputs, eps=1e-12)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor, residual: Tensor) -> Tensor:
        """``(N, n, outputs)``."""
        return self.LayerNorm(self.dropout(self.dense(x)) + residual)


class Layer(nn.Module):
    """Attention and feed-forward, each normalised after its residual."""

    def __init__(self, width: int, wide: int, heads: int) -> None:
        super().__init__()
        self.attention = nn.Module()
        self.attention.add_module("self", SelfAttention(width, heads))
        self.attention.output = Output(width, width)
        self.intermediate = nn.Module()
        self.intermediate.dense = nn.Linear(width, wide)
        self.output = Output(wide, width)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """``(N, n, width)``, and the scores of the attention."""
        y, scores = self.attention.get_submodule("self")(x, mask)
        x = self.attention.output(y, x)
        return self.output(F.gelu(self.intermediate.dense(x)), x), scores


class TinyBERT(nn.Module):
    """``tokens, segments, mask (N, n) int64 -> (N, labels)`` logits; mask is 1 where there is a word and 0 where there is none."""

    def __init__(self, layers: int = 4, labels: int = 2, places: int = 512, size: tuple[int, int, int] | None = None) -> None:
        """layers: a key of SIZES, or any number with `size`: width, width of the feed-forward layer, heads (BERT-base: 12 layers of
        768, 3072, 12)."""
        super().__init__()
        if size is None and layers not in SIZES:
            raise ValueError(f"layers is 4 or 6 where no size is given, not {layers}")
        width, wide, heads = size or SIZES[layers]
        if layers < 1 or min(width, wide, heads) < 1 or width % heads:
            raise ValueError(f"a width of {width} is not shared out among {heads} heads")
        self.bert = nn.Module()
        self.bert.embeddings = Embeddings(width, places)
        self.bert.encoder = nn.Module()
        self.bert.encoder.layer = nn.ModuleList(Layer(width, wide, heads) for _ in range(layers))
        self.bert.pooler = nn.Module()
        self.bert.pooler.dense = nn.Linear(width, width)
        self.dropout = nn.Dropout(0.1)
        self.classifier = nn.Linear(width, labels)
        self.apply(_initial)

    def forward(self, tokens: Tensor, segments: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """Logits from the first word. Without segments all words are of the first; without a mask pieces of number 0 are missing words."""
        return self.states(tokens, segments, mask)[0]

    def states(self, tokens: Tensor, segments: Tensor | None = None, mask: Tensor | None = None) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """Logits; what the embeddings and each layer give, ``(N, n, width)``; each layer's scores before softmax, ``(N, heads, n, n)``.

        Where a word is missing, the scores are about -10000.
        """
        segments = torch.zeros_like(tokens) if segments is None else segments
        mask = (tokens != 0) if mask is None else mask
        x = self.bert.embeddings(tokens, segments)
        added = (1.0 - mask[:, None, None, :].to(x.dtype)) * -10000.0
        hidden, scores = [x], []
        for layer in self.bert.encoder.layer:
            x, own = layer(x, added)
            hidden.append(x)
            scores.append(own)
        return self.classifier(self.dropout(torch.tanh(self.bert.pooler.dense(x[:, 0])))), hidden, scores


def _initial(module: nn.Module) -> None:
    """BERT's: normal with deviation 0.02, biases 0."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)
    if isinstance(module, nn.Embedding) and module.padding_idx is not None:
        with torch.no_grad():
            module.weight[module.padding_idx] = 0

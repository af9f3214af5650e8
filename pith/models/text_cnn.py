"""Convolutions over the words of a sentence, the largest of each (arXiv 1408.5882, the variant whose words begin at random)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

VOCABULARY = 30_522
_BEGIN = 0.25  # words begin evenly between -0.25 and 0.25 (section 3.1)


class TextCnn(nn.Module):
    """``(N, n) int64 -> (N, labels)`` logits; pieces of number 0 are missing words."""

    def __init__(self, labels: int = 2, width: int = 512, filters: int = 768, sizes: tuple[int, ...] = (2, 3, 4, 5)) -> None:
        """width: of a word.  filters: of each size, which is how many words one sees."""
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, width, padding_idx=0)
        nn.init.uniform_(self.words.weight, -_BEGIN, _BEGIN)
        with torch.no_grad():
            self.words.weight[0] = 0
        self.windows = nn.ModuleList(nn.Conv1d(width, filters, size, padding=size - 1) for size in sizes)
        self.dropout = nn.Dropout(0.5)
        self.classifier = nn.Linear(filters * len(sizes), labels)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits."""
        x = self.words(tokens).transpose(1, 2)
        return self.classifier(self.dropout(torch.cat([F.relu(window(x)).amax(2) for window in self.windows], 1)))

"""All evaluations in one list."""

from __future__ import annotations

from benchmarks.evaluation import antispoof, classification, landmarks, plates, super_resolution, tiny
from benchmarks.evaluation.base import Evaluation


def evaluations() -> list[Evaluation]:
    """One for each network and data set, quick ones first."""
    parts = (antispoof, tiny, landmarks, plates, classification, super_resolution)
    return [evaluation for part in parts for evaluation in part.evaluations()]

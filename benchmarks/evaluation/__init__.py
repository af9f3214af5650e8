"""Evaluations of real networks on real data, one file a task, for benchmarks that want a number and not a feeling.

Each gives `Evaluation`s: a network as an ONNX file, samples to calibrate with, and a function that takes any way of running the network
and returns its metric. Calibration samples are never among those evaluated.
"""

from __future__ import annotations

from benchmarks.evaluation.base import Evaluation, Run
from benchmarks.evaluation.tasks import evaluations

__all__ = ["Evaluation", "Run", "evaluations"]

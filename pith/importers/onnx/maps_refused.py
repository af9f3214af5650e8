"""Operators that a network compiled ahead of time cannot have, with the reason."""

from __future__ import annotations

from functools import partial
from typing import NoReturn

from pith.importers.onnx.context import Call
from pith.importers.onnx.registry import onnx_op


def _refuse(why: str, try_: str, n: Call) -> NoReturn:
    raise n.unsupported(why, try_)


_RANDOM = (
    "its result is random: every compiled network gives the same output for the same input",
    "draw the numbers outside and give them as an input",
)
_STRINGS = (
    "strings have no place in a library without a run time",
    "turn text into numbers before the network (see the tokenisers of the apps)",
)
_TRAINING = ("it belongs to training", "export the model for inference")

for _names, _reason in (
    (
        ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"),
        _RANDOM,
    ),
    (("StringNormalizer", "StringConcat", "StringSplit", "RegexFullMatch"), _STRINGS),
    (("ImageDecoder",), ("it decodes compressed pictures", "give the decoded picture as the input")),
):
    onnx_op(*_names)(partial(_refuse, *_reason))

for _domain in ("ai.onnx.preview.training", "ai.onnx.training"):
    onnx_op("Adagrad", "Adam", "Momentum", "Gradient", "GraphCall", domain=_domain)(partial(_refuse, *_TRAINING))

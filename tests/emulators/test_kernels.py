"""The tests of kernels on targets that run under an emulator: integers bit for bit, floats within the bound they have here."""

from __future__ import annotations

from collections.abc import Callable
from unittest import mock

import numpy as np
import pytest

from pith.emulators import lacking
from pith.lower import chains as lower_chains
from pith.targets.base import get_target
from pith.vector.s8 import has_bytes
from tests.emulators.session import emulated
from tests.kernels import (
    test_attention,
    test_conv,
    test_conv_chain,
    test_integer_vectors,
    test_matmul,
    test_norm,
    test_winograd,
)

# one for each dialect; those with scalar code run the plain loops of every kernel, and tests/targets/test_aarch64.py has the integers
# of those whose factors are both signed
VECTORS = ["wasm", "riscv64-v", "armv7"]


def products(target: str) -> None:
    """conv_integer and matmul_integer by each of their kernels, with every epilogue."""
    rng = np.random.default_rng(1)
    for kernel in ("dot", "words"):
        ends = test_integer_vectors.ENDS
        test_integer_vectors.compiled([test_integer_vectors.conv(rng, e, int(rng.integers(1, 60)), int(rng.integers(1, 40))) for e in ends], target, kernel)
        cases = [test_integer_vectors.matmul(rng, e, (2,) if k % 3 == 0 else (), fixed=True, swap=k % 2 == 0) for k, e in enumerate(ends)]
        test_integer_vectors.compiled(cases, target, kernel)
    cases = [test_integer_vectors.matmul(rng, e, (2,), fixed=False) for e in ends if e != "residual"]
    test_integer_vectors.compiled(cases, target, "batched")


def depthwise(target: str) -> None:
    rng = np.random.default_rng(2)
    for kernel in ("depthwise", "depthwise_words"):
        ends = [*test_integer_vectors.BYTE_ENDS, *(["float"] if kernel == "depthwise" else [])]
        cases = [test_integer_vectors.conv(rng, e, 1, 1, int(rng.integers(2, 50))) for e in ends for _ in range(2)]
        test_integer_vectors.compiled(cases, target, kernel)


def chains(target: str) -> None:
    """Chains stay chains, however small."""
    rng = np.random.default_rng(3)
    with mock.patch.object(lower_chains, "pays", lambda call: True):
        test_conv_chain.run([test_conv_chain.random_chain(rng) for _ in range(8)], target)


def norms(target: str) -> None:
    for op in ("softmax", "layer_norm", "rms_norm"):
        test_norm.test_float32(op, target)


def winograd(target: str) -> None:
    for m in (2, 4, 6):
        test_winograd.test_kernels(m, target)


FLOATS: list[Callable[[str], None]] = [
    test_conv.test_pointwise, test_conv.test_direct, test_conv.test_depthwise, test_conv.test_epilogues, test_conv.test_transposed,
    test_matmul.test_constant_right_side, test_matmul.test_both_sides_at_run_time, test_matmul.test_epilogues,
    test_attention.test_masked_out, chains, norms, winograd,
]  # fmt: skip
INTEGERS: list[Callable[[str], None]] = [products, depthwise]


# dialects that differ from one of these in a few words, or in the length of a vector
LIKE_THEM: dict[str, list[Callable[[str], None]]] = {
    "wasm-relaxed": [test_conv.test_pointwise, test_conv.test_depthwise, norms],
    "riscv64-v256": [test_conv.test_pointwise, test_conv.test_depthwise, norms, products, depthwise],
}


CHECKS = {t: [*FLOATS, *(INTEGERS if has_bytes(get_target(t).isa) else [])] for t in VECTORS} | LIKE_THEM


@pytest.mark.parametrize(("target", "check"), [(t, c) for t, checks in CHECKS.items() for c in checks])
def test_kernels(target: str, check: Callable[[str], None]) -> None:
    chosen = get_target(target)
    if missing := lacking(chosen):
        pytest.skip(missing)
    assert chosen.isa.vector_bytes
    with emulated():
        check(target)

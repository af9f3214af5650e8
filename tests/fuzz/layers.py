"""Seeded mutations of ncnn, Caffe and Tengine models, under the same limits: `python -m tests.fuzz.layers START STOP`.

Both files of a model are mutated: bytes flipped, cut, copied, words of the text exchanged or set to hostile numbers.
"""

from __future__ import annotations

import functools
import random
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from pith.api import stages
from tests.fuzz.check import judge_run, set_limits

_NUMBERS = ("0", "1", "-1", "2", "3", "7", "-233", "-234", "255", "65536", "16777217", "2147483647", "-2147483648", "4294967296", "1e30", "-0.5",
            "1e-30", "nan", "99999999999999999999")  # fmt: skip
_WORDS = (0, 1, 2, 3, 255, 65536, 2**31 - 1, 2**31, 2**32 - 1)
Model = dict[str, bytes]  # suffix -> content of the file; the first is the one that is compiled


@functools.cache
def seeds() -> tuple[Model, ...]:
    """Every case of the layer tests, and small chains."""
    from tests.importers import test_caffe, test_caffe_layers, test_ncnn_layers, test_tengine
    from tests.importers.caffe_files import Net as CaffeNet
    from tests.importers.tengine_files import Net as TengineNet

    found: list[Model] = []
    with tempfile.TemporaryDirectory() as folder:
        for _, made in test_ncnn_layers.CASES:
            path = made()[0].save(Path(folder))
            found.append({".param": path.read_bytes(), ".bin": path.with_suffix(".bin").read_bytes()})
        nets = [net for _, net, _ in test_caffe_layers.CASES]
        for kind, params, inputs, weights, _ in test_caffe.FORMULAS:
            net = CaffeNet({f"x{k}": x.shape for k, x in enumerate(inputs)})
            nets.append(net.layer(kind, list(net.inputs), ["y"], params, *weights))
        for net in nets:
            path = net.save(Path(folder))
            found.append({".prototxt": path.read_bytes(), ".caffemodel": path.with_suffix(".caffemodel").read_bytes()})
        for kind, given, inputs, constants, want in test_tengine.FORMULAS:
            tm = TengineNet()
            names = [tm.input(f"x{k}", x.shape) for k, x in enumerate(inputs)] + [tm.constant(c) for c in constants]
            with np.errstate(all="ignore"):
                made_outputs = want(*inputs)
            tm.node(kind, given, names, outputs=len(made_outputs) if isinstance(made_outputs, tuple) else 1)
            found.append({".tmfile": tm.bytes()})
    return tuple(found)


def mutation(index: int) -> Model:
    """Mutation number `index`; the same bytes every time."""
    rng = random.Random(7 * 1_000_003 + index)
    model = dict(rng.choice(seeds()))
    main = next(iter(model))
    for _ in range(rng.choice((1, 1, 2, 4))):
        target = rng.choice(list(model)) if rng.random() < 0.2 else main
        text = target in (".param", ".prototxt") and rng.random() < 0.9
        model[target] = _words(model[target], rng) if text else _bytes(model[target], rng, main == ".tmfile")
    return model


def _words(data: bytes, rng: random.Random) -> bytes:
    """A text with a number (mostly a parameter), a word or a line changed; mostly the counts of layers are put right."""
    text = data.decode("utf-8", "replace")
    pattern = rng.choice((*[r"(?<=[=,])-?[0-9][0-9.e+-]*|(?<=: )-?[0-9][0-9.e+-]*"] * 5, r"-?[0-9][0-9.e+-]*", r"[A-Za-z_]\w*"))
    inputs = max((m.end() for m in re.finditer(r"(?m)^(Input|layer .*Input).*$", text)), default=12)
    first = inputs if rng.random() < 0.8 else 12 if rng.random() < 0.9 else 0
    pieces = [p for p in re.finditer(pattern, text) if p.start() >= first]
    lines = text.splitlines(keepends=True)
    kind = rng.randrange(8)
    if kind < 6 and pieces:
        piece = rng.choice(pieces)
        new = rng.choice(_NUMBERS) if piece.group()[0] in "-0123456789" else rng.choice(pieces).group()
        text = text[: piece.start()] + new + text[piece.end() :]
    elif lines:
        k = rng.randrange(len(lines))
        if kind == 6:
            del lines[k]
        else:
            lines.insert(rng.randrange(len(lines) + 1), lines[k])
        text = "".join(lines)
    if text.startswith("7767517") and rng.random() < 0.9:
        rows = text.splitlines()
        text = "\n".join([rows[0], f"{len(rows) - 2} {len(rows)}", *rows[2:]]) + "\n"
    return text.encode()


def _bytes(data: bytes, rng: random.Random, words: bool) -> bytes:
    out = bytearray(data)
    if not out:
        return data
    at = rng.randrange(len(out))
    kind = rng.randrange(6)
    if words and rng.random() < 0.6 and len(out) >= 8:  # tables are made of words: an offset, a count or a number
        at = at % (len(out) - 4) & ~3
        value = rng.choice(_WORDS) if rng.random() < 0.5 else rng.randrange(len(out))
        out[at : at + 4] = value.to_bytes(4, "little")
    elif kind == 0:
        out[at] ^= 1 << rng.randrange(8)
    elif kind == 1:
        out[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
    elif kind == 2:
        del out[at:]
    elif kind == 3:
        del out[at : at + rng.randrange(1, 9)]
    else:
        out[at:at] = out[at : at + rng.randrange(1, 33)]
    return bytes(out)


def _compile(path: Path, done: list[bool]) -> None:
    stages(path, "c99")
    done.append(True)


def main() -> int:
    start, stop = int(sys.argv[1]), int(sys.argv[2])
    mutation(0)
    set_limits()
    kinds: Counter[str] = Counter()
    began, refused = time.time(), 0
    with tempfile.TemporaryDirectory() as folder:
        for index in range(start, stop):
            model = mutation(index)
            for old in Path(folder).iterdir():
                old.unlink()
            for suffix, data in model.items():
                (Path(folder) / f"net{suffix}").write_bytes(data)
            done: list[bool] = []
            problem = judge_run(functools.partial(_compile, Path(folder) / f"net{next(iter(model))}", done))
            refused += not done
            if problem:
                kinds[problem.split(" at ")[-1]] += 1
                print(f"{index}: {problem}", flush=True)
    print(f"{stop - start} models, {refused} refused, {sum(kinds.values())} bad, {time.time() - began:.0f} s", kinds.most_common(20) or "")
    return 1 if kinds else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""TinyBERT-4 on SST-2, trained alone and taught by a larger network, both from nothing; tested as compiled C on the 872 test sentences.

`python -m benchmarks.sst2 [--seeds 0,1,2] [--transformer | --words] [--phrases] [--runs FOLDER]`   (needs torch; PITH_DATA)

The student alone is `tinybert4_sst2`. Its teacher is `text_cnn_sst2`; taught, it is `tinybert4_sst2_soft`, which takes as many steps, on
sentences whose words are replaced by neighbours in the teacher's own embeddings. With `--words` it is `tinybert4_sst2_words`: its words
begin as the first principal components of the teacher's, and labels count beside what the teacher says. With `--transformer` the teacher is
`tinybert_teacher_sst2`, and the student goes through TinyBERT's two stages, `tinybert4_sst2_inside` and `tinybert4_sst2_taught`. Nothing is
chosen by the test sentences: a network is the one after the last step. A row is added to benchmarks/results/sst2.csv and its epochs to sst2_log.csv as soon
as it is done; what stands there is not trained again, and a run that was stopped goes on from its checkpoint in the folder of runs.
`--phrases` tests what was trained with `--words` on the 6,735 phrases kept apart as well (sst2_phrases.csv): parts of sentences like those
of the training, and eight times as many as there are test sentences.
"""

from __future__ import annotations

import argparse
import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import pith
from benchmarks.trained_here import trained
from benchmarks.training_log import RESULTS, append, rows, stamp, wilson
from pith import models
from pith.models.cost import count
from pith.models.text_cnn import TextCnn
from pith.train import checkpoint
from pith.train.data.sentences import Sst2
from pith.train.recipe import load

TABLE, LOG, PHRASES = RESULTS / "sst2.csv", RESULTS / "sst2_log.csv", RESULTS / "sst2_phrases.csv"
ALONE = "TinyBERT-4 alone"
TEACHER, TAUGHT = "teacher", "TinyBERT-4 taught"  # transformers
CNN, CNN_TAUGHT, CNN_WORDS = "TextCnn, the teacher", "TinyBERT-4 taught by TextCnn", "TinyBERT-4 with TextCnn's words, taught by it"
LENGTH = 64


def network(recipe: str, seed: int, runs: Path, changes: dict[str, Any] | None = None) -> tuple[nn.Module, Path]:
    """What a recipe gives, trained now where it was not yet, and its folder."""
    cfg = load(recipe, {"seed": seed, "threads": 1, **(changes or {})})
    out = runs / f"{recipe}_{seed}"
    if not (out / "final.pt").exists():
        trained(cfg, out)
    settings = {k: v for k, v in cfg.model.items() if k not in ("type", "pretrained")}
    return models.create(cfg.model.type, pretrained=out / "final.pt", **settings), out


def neighbours(net: nn.Module, path: Path, most: int = 15, seen: int = 5) -> Path:
    """The `most` nearest pieces of each by the cosine of a network's word embeddings, among those seen so often in the training sentences."""
    if not path.exists():
        pieces = torch.bincount(Sst2("train").x.flatten(), minlength=30_522)
        pieces[:104] = 0  # special ones and places kept free
        known = (pieces >= seen).nonzero().flatten()
        words = net.words if isinstance(net, TextCnn) else net.bert.embeddings.word_embeddings
        vectors = nn.functional.normalize(words.weight.detach()[known], dim=1)
        table = torch.zeros(30_522, most, dtype=torch.int64)
        for part, own in zip(known.split(512), vectors.split(512), strict=True):
            table[part] = known[(own @ vectors.T).topk(most + 1, 1).indices[:, 1:]]
        np.savez_compressed(path, neighbours=table.numpy().astype(np.int32))
    return path


def with_words(teacher: TextCnn, seed: int, path: Path) -> Path:
    """Weights of a student that is new but for its words: principal components of the teacher's, as large as new ones are."""
    if not path.exists():
        torch.manual_seed(seed)
        student = models.create("tinybert4")
        theirs, ours = teacher.words.weight.detach(), student.bert.embeddings.word_embeddings.weight
        centred = theirs[1:] - theirs[1:].mean(0)
        values, directions = torch.linalg.eigh(centred.T @ centred)
        found = centred @ directions[:, values.argsort(descending=True)[: ours.shape[1]]]
        with torch.no_grad():
            ours[1:] = found * (ours[1:].std() / found.std())
        checkpoint.write(path, student.state_dict())
    return path


def answers(net: nn.Module, data: Sst2) -> tuple[np.ndarray, int]:
    """What compiled C says of each sentence, and how many of its answers are not PyTorch's."""
    session = pith.from_torch(net, (data.x[:1],))
    ours = np.array([np.asarray(session(x[None].numpy()))[0].argmax() for x in data.x])
    with torch.no_grad():
        theirs = torch.cat([net(x).argmax(1) for x in data.x.split(32)]).numpy()
    return ours, int((ours != theirs).sum())


def mcnemar(only_first: int, only_second: int) -> float:
    """How likely counts as uneven as these are if both networks are equally good (exact, two-sided)."""
    n, least = only_first + only_second, min(only_first, only_second)
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(least + 1)) / 2**n)


def record(variant: str, seed: int, net: nn.Module, folders: list[Path], runs: Path) -> None:
    """Tests the network as compiled C and adds its rows."""
    data = Sst2("test", longest=LENGTH)
    found, differ = answers(net, data)
    good = found == data.y.numpy()
    np.save(runs / f"{variant}_{seed}.npy", good)
    paired = {"only_alone": "", "only_taught": "", "p": ""}
    other = runs / f"{ALONE}_{seed}.npy"
    if variant in (TAUGHT, CNN_TAUGHT, CNN_WORDS) and other.exists():
        alone = np.load(other)
        counts = int((alone & ~good).sum()), int((good & ~alone).sum())
        paired = {"only_alone": str(counts[0]), "only_taught": str(counts[1]), "p": f"{mcnemar(*counts):.4f}"}
    steps = 0
    for folder in folders:
        with (folder / "log.csv").open(newline="") as f:
            log = list(csv.DictReader(f))
        for row in log:
            append(LOG, {"variant": variant, "recipe": folder.name.rpartition("_")[0], "seed": seed, "epoch": row["epoch"], "step": row["step"],
                         "loss": row["loss"], "dev_accuracy": row.get("val_accuracy", ""), "seconds": row["seconds"]})  # fmt: skip
        steps += int(log[-1]["step"])
    cost = count(net, examples=(data.x[:1],))
    low, high = wilson(int(good.sum()), len(data))
    append(TABLE, {"variant": variant, "seed": seed, "steps": steps, "parameters": cost.params, "macs": cost.macs, "right": int(good.sum()),
                   "n": len(data), "low": f"{low:.5f}", "high": f"{high:.5f}", "not_as_torch": differ, **paired, **stamp()})  # fmt: skip
    print(f"{variant}, seed {seed}: {good.mean():.2%} ({low:.2%} to {high:.2%}) through compiled C; {differ} are not PyTorch's; {paired}", flush=True)


def phrases(seed: int, runs: Path) -> None:
    """Compiled C on the phrases kept apart: the student alone, its teacher, and the student with the teacher's words."""
    data = Sst2("dev", longest=LENGTH)
    alone: np.ndarray | None = None
    for variant, recipe, of in ((ALONE, "tinybert4_sst2", seed), (CNN, "text_cnn_sst2", 0), (CNN_WORDS, "tinybert4_sst2_words", seed)):
        cfg = load(recipe)
        settings = {k: v for k, v in cfg.model.items() if k not in ("type", "pretrained")}
        found, differ = answers(models.create(cfg.model.type, pretrained=runs / f"{recipe}_{of}" / "final.pt", **settings), data)
        good = found == data.y.numpy()
        alone = good if alone is None else alone
        counts = int((alone & ~good).sum()), int((good & ~alone).sum())
        low, high = wilson(int(good.sum()), len(data))
        paired = counts if variant == CNN_WORDS else None
        append(PHRASES, {"variant": variant, "seed": of, "right": int(good.sum()), "n": len(data), "low": f"{low:.5f}", "high": f"{high:.5f}",
                         "not_as_torch": differ, "only_alone": paired[0] if paired else "", "only_taught": paired[1] if paired else "",
                         "p": f"{mcnemar(*paired):.4f}" if paired else "", **stamp()})  # fmt: skip
        print(f"{variant}, seed {of}: {good.mean():.2%} ({low:.2%} to {high:.2%}) of {len(data)} phrases; {counts}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--alone", action="store_true", help="the student alone, nothing else")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--transformer", action="store_true", help="a transformer teaches, by TinyBERT's two stages")
    how.add_argument("--words", action="store_true", help="the student's words begin as the teacher's")
    parser.add_argument("--phrases", action="store_true", help="test what was trained with --words on the phrases kept apart; train nothing")
    parser.add_argument("--runs", type=Path, default=Path("build/sst2"), help="checkpoints and weights")
    a = parser.parse_args()
    runs: Path = a.runs.resolve()
    if a.phrases:
        for seed in map(int, a.seeds.split(",")):
            phrases(seed, runs)
        return
    done = {(r["variant"], int(r["seed"])) for r in rows(TABLE)}
    for seed in map(int, a.seeds.split(",")):
        if (ALONE, seed) not in done:
            net, out = network("tinybert4_sst2", seed, runs)
            record(ALONE, seed, net, [out], runs)
        taught, name, recipe = (TAUGHT, TEACHER, "tinybert_teacher_sst2") if a.transformer else (CNN_WORDS if a.words else CNN_TAUGHT, CNN, "text_cnn_sst2")
        if a.alone or (taught, seed) in done:
            continue
        teacher, out = network(recipe, 0, runs)
        if (name, 0) not in done:
            record(name, 0, teacher, [out], runs)
            done.add((name, 0))
        told = {"task.teacher.pretrained": str(out / "final.pt")}
        if not a.words:
            told["data.augment.file"] = str(neighbours(teacher, runs / f"neighbours_{recipe}.npz"))
        if a.words:
            told["model.pretrained"] = str(with_words(teacher, seed, runs / f"words_{seed}.pt"))
            net, out = network("tinybert4_sst2_words", seed, runs, told)
            folders = [out]
        elif a.transformer:
            _, inside = network("tinybert4_sst2_inside", seed, runs, told)
            net, out = network("tinybert4_sst2_taught", seed, runs, {**told, "model.pretrained": str(inside / "final.pt")})
            folders = [inside, out]
        else:
            net, out = network("tinybert4_sst2_soft", seed, runs, told)
            folders = [out]
        record(taught, seed, net, folders, runs)


if __name__ == "__main__":
    main()

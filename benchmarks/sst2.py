"""TinyBERT-4 on SST-2, trained alone and taught by a larger network, both from nothing; tested as compiled C on the 872 test sentences.

`python -m benchmarks.sst2 [--way soft|words|long|labels|transformer] [--seeds 0,1,2] [--phrases] [--runs FOLDER]`   (needs torch; PITH_DATA)

Each way has a teacher, trained once, and a student taught by it (WAYS), in as many steps as the student alone takes:

- `soft`: by what the teacher says of sentences whose words are replaced by neighbours in its own embeddings;
- `words`: the student's words begin as the first principal components of the teacher's, and labels count beside what the teacher says;
- `long`: such words, and what the teacher says of replaced ones, for three times as long, beside a student alone that is trained three times as
  long too; `labels`: as `words`, beside that student;
- `transformer`: by TinyBERT's two stages, the second of which has as many steps as the student alone.

Nothing is chosen by the test sentences: a network is the one after the last step. A row is added to benchmarks/results/sst2.csv and its
epochs to sst2_log.csv as soon as it is done; what stands there is not trained again, and a run that was stopped goes on from its checkpoint in
the folder of runs. `--phrases` tests what was trained on the 6,735 phrases kept apart as well (sst2_phrases.csv): parts of sentences like
those of the training, and eight times as many as there are test sentences.
"""

from __future__ import annotations

import argparse
import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import pith
from benchmarks.trained_here import fresh, trained
from benchmarks.training_log import RESULTS, append, digest, rows, stamp, wilson
from pith import models
from pith.models.cost import count
from pith.models.text_cnn import TextCnn
from pith.train import checkpoint
from pith.train.data.sentences import Sst2
from pith.train.files import placed
from pith.train.recipe import load

TABLE, LOG, PHRASES = RESULTS / "sst2.csv", RESULTS / "sst2_log.csv", RESULTS / "sst2_phrases.csv"
LENGTH = 64


@dataclass(frozen=True)
class Way:
    """Names and recipes of a teacher, of the student alone, and of the student taught; what it gets of the teacher's beside its answers."""

    taught: str
    recipes: tuple[str, ...]
    teacher: tuple[str, str] = ("TextCnn, the teacher", "text_cnn_sst2")
    alone: tuple[str, str] = ("TinyBERT-4 alone", "tinybert4_sst2")
    words: bool = False
    neighbours: bool = False


WAYS = {
    "soft": Way("TinyBERT-4 taught by TextCnn", ("tinybert4_sst2_soft",), neighbours=True),
    "words": Way("TinyBERT-4 with TextCnn's words, taught by it", ("tinybert4_sst2_words",), words=True),
    "long": Way("TinyBERT-4 with TextCnn's words, taught by it, 3 epochs", ("tinybert4_sst2_words_long",),
                alone=("TinyBERT-4 alone, 3 epochs", "tinybert4_sst2_long"), words=True, neighbours=True),
    "labels": Way("TinyBERT-4 with TextCnn's words, taught by it and by labels, 3 epochs", ("tinybert4_sst2_words_labels",),
                  alone=("TinyBERT-4 alone, 3 epochs", "tinybert4_sst2_long"), words=True),
    "transformer": Way("TinyBERT-4 taught", ("tinybert4_sst2_inside", "tinybert4_sst2_taught"), teacher=("teacher", "tinybert_teacher_sst2"),
                       neighbours=True),
}  # fmt: skip


def network(recipe: str, seed: int, runs: Path, changes: dict[str, Any] | None = None) -> tuple[nn.Module, Path]:
    """What a recipe gives, trained now where it was not yet, and its folder."""
    cfg = load(recipe, {"seed": seed, "threads": 1, **(changes or {})})
    out = runs / f"{recipe}_{seed}"
    trained(cfg, out)
    return fresh(cfg, out / "final.pt"), out


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
        with placed(path) as part, part.open("wb") as file:
            np.savez_compressed(file, neighbours=table.numpy().astype(np.int32))
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


def paired(alone: np.ndarray, taught: np.ndarray) -> dict[str, str]:
    """How many samples only one of two students has right, and how likely that is if both are equally good."""
    counts = int((alone & ~taught).sum()), int((taught & ~alone).sum())
    return {"only_alone": str(counts[0]), "only_taught": str(counts[1]), "p": f"{mcnemar(*counts):.4f}"}


def record(variant: str, seed: int, net: nn.Module, folders: list[Path], runs: Path, beside: str = "") -> None:
    """Tests the network as compiled C and adds its rows; beside: the student that it is compared with."""
    data = Sst2("test", longest=LENGTH)
    found, differ = answers(net, data)
    good = found == data.y.numpy()
    np.save(runs / f"{variant}_{seed}.npy", good)
    pair = paired(np.load(runs / f"{beside}_{seed}.npy"), good) if beside else dict.fromkeys(("only_alone", "only_taught", "p"), "")
    logs: dict[str, list[dict[str, str]]] = {}
    for folder in folders:
        with (folder / "log.csv").open(newline="") as f:
            logs[folder.name.rpartition("_")[0]] = list(csv.DictReader(f))
    steps = sum(int(log[-1]["step"]) for log in logs.values())
    cost = count(net, examples=(data.x[:1],))
    low, high = wilson(int(good.sum()), len(data))
    append(TABLE, {"variant": variant, "seed": seed, "steps": steps, "parameters": cost.params, "macs": cost.macs, "right": int(good.sum()),
                   "n": len(data), "low": f"{low:.5f}", "high": f"{high:.5f}", "not_as_torch": differ, **pair, **stamp()})  # fmt: skip
    for recipe, row in ((recipe, row) for recipe, log in logs.items() for row in log):
        append(LOG, {"variant": variant, "recipe": recipe, "seed": seed, "epoch": row["epoch"], "step": row["step"], "loss": row["loss"],
                     "dev_accuracy": row.get("val_accuracy", ""), "seconds": row["seconds"]})  # fmt: skip
    print(f"{variant}, seed {seed}: {good.mean():.2%} ({low:.2%} to {high:.2%}) through compiled C; {differ} are not PyTorch's; {pair}", flush=True)


def phrases(way: Way, seed: int, runs: Path) -> None:
    """Compiled C on the phrases kept apart: the student alone, its teacher, and the student taught."""
    done = {(r["variant"], int(r["seed"])) for r in rows(PHRASES)}
    data = Sst2("dev", longest=LENGTH)
    alone: np.ndarray | None = None
    for variant, recipe, of in ((*way.alone, seed), (*way.teacher, 0), (way.taught, way.recipes[-1], seed)):
        if variant == way.teacher[0] and (variant, of) in done:
            continue
        found, differ = answers(fresh(load(recipe), runs / f"{recipe}_{of}" / "final.pt"), data)
        good = found == data.y.numpy()
        alone = good if alone is None else alone
        low, high = wilson(int(good.sum()), len(data))
        pair = paired(alone, good) if variant == way.taught else dict.fromkeys(("only_alone", "only_taught", "p"), "")
        print(f"{variant}, seed {of}: {good.mean():.2%} ({low:.2%} to {high:.2%}) of {len(data)} phrases; {pair}", flush=True)
        if (variant, of) not in done:
            append(PHRASES, {"variant": variant, "seed": of, "right": int(good.sum()), "n": len(data), "low": f"{low:.5f}", "high": f"{high:.5f}",
                             "not_as_torch": differ, **pair, **stamp()})  # fmt: skip


def compare(way: Way, seed: int, runs: Path) -> None:
    """The student alone, the teacher and the student taught: trained and tested where they were not yet."""
    done = {(r["variant"], int(r["seed"])) for r in rows(TABLE)}
    if (way.alone[0], seed) not in done:
        net, out = network(way.alone[1], seed, runs)
        record(way.alone[0], seed, net, [out], runs)
    if (way.taught, seed) in done:
        return
    if not (runs / f"{way.alone[0]}_{seed}.npy").exists():
        raise SystemExit(f"{way.alone[0]}, seed {seed} was not trained in {runs}: remove its row of {TABLE} to train it again there")
    teacher, out = network(way.teacher[1], 0, runs)
    if (way.teacher[0], 0) not in done:
        record(way.teacher[0], 0, teacher, [out], runs)
    told, of = {"task.teacher.pretrained": str(out / "final.pt")}, digest(out / "final.pt")
    if way.neighbours:
        told["data.augment.file"] = str(neighbours(teacher, runs / f"neighbours_{of}.npz"))
    if way.words:
        told["model.pretrained"] = str(with_words(teacher, seed, runs / f"words_{of}_{seed}.pt"))
    folders: list[Path] = []
    for recipe in way.recipes:
        if folders:
            told["model.pretrained"] = str(folders[-1] / "final.pt")
        net, out = network(recipe, seed, runs, told)
        folders.append(out)
    record(way.taught, seed, net, folders, runs, beside=way.alone[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--way", choices=WAYS, default="soft")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--phrases", action="store_true", help="test what was trained on the phrases kept apart; train nothing")
    parser.add_argument("--runs", type=Path, default=Path("build/sst2"), help="checkpoints and weights")
    a = parser.parse_args()
    for seed in map(int, a.seeds.split(",")):
        (phrases if a.phrases else compare)(WAYS[a.way], seed, a.runs.resolve())


if __name__ == "__main__":
    main()

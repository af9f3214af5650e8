"""What the commands that train here do between trainings: weights that go from one network to another, and comparisons that are even."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install pith[train]")
pytest.importorskip("lightning_fabric", reason="training needs Lightning Fabric: pip install pith[train]")

from benchmarks import binary_taught, sst2  # noqa: E402
from benchmarks.trained_here import EXPERIMENTS  # noqa: E402
from pith import models  # noqa: E402
from pith.models.signs import real_weight  # noqa: E402
from pith.train import binary  # noqa: E402
from pith.train.recipe import load  # noqa: E402


def test_a_binary_network_begins_as_its_twin() -> None:
    torch.manual_seed(0)
    twin, net = models.create("vgg_small", width=8), models.create("bnn_vgg", width=8, method="bireal")
    for norm in (m for m in twin.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)):
        norm.running_mean.normal_()
    binary_taught.begun(net, twin)
    assert len(binary.layers(net)) == 7
    for k in range(1, 6):
        assert torch.equal(real_weight(net.convs[k]), twin.convs[k][1].weight)
    for k in range(2):
        assert torch.equal(real_weight(net.fcs[k]), twin.fcs[k][1].weight)
    for ours, theirs in ((net.convs[0], twin.convs[0]), (net.fcs[2], twin.fcs[2]), *zip(net.conv_norms, twin.conv_norms, strict=True)):
        assert all(torch.equal(a, b) for a, b in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True))


def test_words_of_a_teacher_are_its_principal_components(tmp_path: Path) -> None:
    """Uncorrelated, the largest first, as large together as those of a new student; distances between words are nearly kept."""
    torch.manual_seed(0)
    teacher = models.create("text_cnn")
    with torch.no_grad():
        wide = teacher.words.weight.shape[1]
        teacher.words.weight.mul_(torch.linspace(3, 0.01, wide)).add_(1.0)
    path = sst2.with_words(teacher, 0, tmp_path / "words.pt")
    words = torch.load(path, weights_only=True)["bert.embeddings.word_embeddings.weight"]
    new = models.create("tinybert4").bert.embeddings.word_embeddings.weight
    assert words.shape == new.shape and float(words[1:].std()) == pytest.approx(float(new[1:].detach().std()), rel=0.02)
    spread = torch.cov(words[1:].T)
    sizes = spread.diagonal()
    assert float((spread - sizes.diag()).abs().max()) < 1e-3 * float(sizes[0]) and bool((sizes[:-1] >= sizes[1:] * 0.999).all())
    theirs, ours = teacher.words.weight.detach(), words
    pairs = torch.randint(1, len(words), (2, 500), generator=torch.Generator().manual_seed(0))
    apart = [(v[pairs[0]] - v[pairs[1]]).norm(dim=1).numpy() for v in (theirs, ours)]
    assert np.corrcoef(apart)[0, 1] > 0.9


@pytest.mark.parametrize("name", sst2.WAYS)
def test_students_take_as_many_steps_of_as_many_sentences(name: str) -> None:
    way = sst2.WAYS[name]
    alone, taught = load(way.alone[1]), load(way.recipes[-1])
    assert alone.model.type == taught.model.type == "tinybert4"
    assert (alone.train, alone.data.train, alone.data.batch) == (taught.train, taught.data.train, taught.data.batch)


@pytest.mark.parametrize("name", [n for n in EXPERIMENTS if n != "digits"])
def test_networks_that_are_compared_are_trained_alike(name: str) -> None:
    recipes = [load(r) for r in EXPERIMENTS[name].values()]
    assert len({(str(r.train), str(r.data), r.precision) for r in recipes}) == 1


def test_the_exact_test_of_pairs() -> None:
    """Against the sum of binomial coefficients written out: 1 and 5 of 6, and as many of both."""
    assert sst2.mcnemar(1, 5) == pytest.approx(2 * (1 + 6) / 64) and sst2.mcnemar(4, 4) == 1.0

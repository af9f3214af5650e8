"""Losses of distillation against their formulas in NumPy, TinyBERT's layer map and stages, and a ResNet that teaches a MiniFASNet."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="distillation is done in PyTorch; install torch to test it")

from torch import nn  # noqa: E402

import pith  # noqa: E402
from pith import models  # noqa: E402
from pith.models.tinybert import TinyBERT  # noqa: E402
from pith.train import distill, distill_text  # noqa: E402


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True))


def test_logits() -> None:
    s, t = randn(5, 7), 3 * randn(5, 7, seed=1)
    p, q = softmax(t.numpy() / 4), softmax(s.numpy() / 4)
    expected = 16 * (p * (np.log(p) - np.log(q))).sum(1).mean()
    assert float(distill.logits(s, t)) == pytest.approx(expected, rel=1e-12) and float(distill.logits(t, t)) == pytest.approx(0, abs=1e-12)


def test_attention_of_other_channels_and_sizes() -> None:
    s, t = randn(3, 4, 6, 6), randn(3, 9, 6, 6, seed=1)

    def flat(x: torch.Tensor) -> np.ndarray:
        m = (x.numpy() ** 2).mean(1).reshape(3, -1)
        return np.asarray(m / np.linalg.norm(m, axis=1, keepdims=True))

    assert float(distill.attention(s, t)) == pytest.approx(((flat(s) - flat(t)) ** 2).mean(), rel=1e-12)
    assert float(distill.attention(2 * s, s)) == pytest.approx(0, abs=1e-15) and distill.attention(s, randn(3, 2, 3, 3)).ndim == 0


def test_relations() -> None:
    """Distances and angles one by one; nothing changes when a space is turned and scaled."""
    s, t = randn(6, 5), randn(6, 8, seed=1)

    def distances(x: np.ndarray) -> np.ndarray:
        d = np.linalg.norm(x[:, None] - x[None], axis=2)
        return np.asarray(d / (d.sum() / 30))

    def angles(x: np.ndarray) -> np.ndarray:
        out = np.zeros((6, 6, 6))
        for j in range(6):
            for i in range(6):
                for k in range(6):
                    a, b = x[i] - x[j], x[k] - x[j]
                    if i != j and k != j:
                        out[j, i, k] = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        return out

    def huber(a: np.ndarray, b: np.ndarray) -> float:
        d = np.abs(a - b)
        return float(np.where(d < 1, d * d / 2, d - 0.5).mean())

    a, b = s.numpy(), t.numpy()
    expected = 25 * huber(distances(a), distances(b)) + 50 * huber(angles(a), angles(b))
    assert float(distill.relations(s, t)) == pytest.approx(expected, rel=1e-9)
    q, _ = torch.linalg.qr(randn(5, 5, seed=2))
    assert float(distill.relations(3 * s @ q, s)) == pytest.approx(0, abs=1e-12)
    assert float(distill.relations(s[:1], t[:1])) == 0  # one sample has none
    same = torch.ones(4, 3, requires_grad=True)
    distill.relations(same, randn(4, 3).float()).backward()
    assert same.grad is not None and bool(torch.isfinite(same.grad).all()), "samples in one place have no direction"


def test_distiller_teaches_through_a_layer_between() -> None:
    torch.manual_seed(0)
    student = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    teacher = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3))
    x, labels = torch.randn(16, 3, 8, 8), torch.arange(16) % 3
    before = {k: v.clone() for k, v in teacher.state_dict().items()}
    with pytest.raises(pith.PithError, match="not compared by 'hnt'"):
        distill.Pair("0", "0", "hnt")  # type: ignore[arg-type]
    pairs = [distill.Pair("0", "0"), distill.Pair("1", "1", "attention", 10.0), distill.Pair("3", "3", "relations", 0.1)]
    made = distill.Distiller(student, teacher, pairs=pairs, example=x)
    assert list(made.regressors) == ["0"] and len(list(made.parameters())) == 6
    optimiser = torch.optim.Adam(made.parameters(), 1e-2)
    sums = []
    for _ in range(60):
        loss, parts = made(x, labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        sums.append(float(loss.detach()))
    assert list(parts) == ["labels", "logits", "hint 0", "attention 1", "relations 3"] and sums[-1] < 0.7 * sums[0]
    assert all(torch.equal(v, before[k]) for k, v in teacher.state_dict().items()) and all(p.grad is None for p in teacher.parameters())
    made.close()
    assert not any(m._forward_hooks for net in (student, teacher) for m in net.modules())


def test_features_in_rows_get_a_linear_layer_between() -> None:
    """(N, places, features): as many places, other features; a frozen part of the student stays so."""
    student = nn.Sequential(nn.Linear(5, 6), nn.Dropout(), nn.Flatten(), nn.Linear(24, 3))
    teacher = nn.Sequential(nn.Linear(5, 8), nn.Flatten(), nn.Linear(32, 3))
    student.train()[1].eval()
    x = torch.randn(2, 4, 5, generator=torch.Generator().manual_seed(0))
    distiller = distill.Distiller(student, teacher, pairs=[distill.Pair("0", "0")], example=x)
    assert student.training and not student[1].training and distiller.regressors["0"].weight.shape == (8, 6)
    loss, _ = distiller(x, torch.tensor([0, 2]))
    loss.backward()
    distiller.close()


def test_what_does_not_fit_is_named() -> None:
    net = nn.Sequential(nn.Linear(3, 2))
    with pytest.raises(pith.PithError, match="no layer 'conv9'"):
        distill.Taps(net, ["conv9"])
    made = distill.Distiller(nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2)), nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 2)), pairs=[distill.Pair("0", "0")])
    with pytest.raises(pith.PithError, match=r"\(1, 2\) and 0 \(1, 5\)|gives \(1, 2\)"):
        made(torch.zeros(1, 3))
    for shape in ((4, 1), (4, 3), (2, 2)):  # one class alone would be spread over the others
        with pytest.raises(pith.PithError, match=r"the student gives \(4, 2\), the teacher \("):
            distill.logits(torch.zeros(4, 2), torch.zeros(*shape))
    with pytest.raises(pith.PithError, match="do not learn evenly"):
        distill_text.layer_map(4, 6)


def test_resnet_teaches_minifasnet() -> None:
    """The maps that are compared have the same size, and one step reaches every weight before conv_5's end."""
    torch.manual_seed(0)
    student, teacher = models.create("minifasnet_v2"), models.create("resnet18", classes=3)
    x = torch.randn(2, 3, 80, 80)
    made = distill.resnet_to_minifasnet(student.train(), teacher, x)
    loss, parts = made(x, torch.tensor([0, 1]))
    assert made._mine.values["conv_4"].shape[2:] == made._theirs.values["layer2"].shape[2:] == (10, 10)
    assert made._mine.values["conv_5"].shape[2:] == made._theirs.values["layer3"].shape[2:] == (5, 5)
    loss.backward()
    assert len(parts) == 4 and all(p.grad is not None for p in student.parameters()) and bool(torch.isfinite(loss))


# ---- TinyBERT


def small(layers: int, width: int, seed: int) -> TinyBERT:
    torch.manual_seed(seed)
    return TinyBERT(layers, size=(width, 2 * width, 4), places=16).eval()


def batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    tokens = torch.randint(1, 1000, (3, 7), generator=torch.Generator().manual_seed(0))
    mask = torch.ones(3, 7, dtype=torch.long)
    mask[1, 4:] = 0
    return tokens * mask, torch.zeros_like(tokens), mask


def test_layer_map() -> None:
    """3m for 4 of 12, 2m for 6 of 12: attention of the student learns from 2, 5, 8, 11 counting from 0."""
    assert distill_text.layer_map(4, 12) == [0, 3, 6, 9, 12] and distill_text.layer_map(6, 12) == [0, 2, 4, 6, 8, 10, 12]
    assert [g - 1 for g in distill_text.layer_map(4, 12)[1:]] == [2, 5, 8, 11]


def test_losses_of_what_lies_inside() -> None:
    """Written out in NumPy, with missing words; and a mask counts on neither side."""
    student, teacher = small(2, 8, 0), small(6, 12, 1)
    loss = distill_text.Inside(8, 12)
    with torch.no_grad():
        mine, theirs = student.states(*batch()), teacher.states(*batch())
        total, parts = loss(mine, theirs)
    at = [0, 3, 6]

    def mse(a: np.ndarray, b: np.ndarray) -> float:
        return float(((a.astype(np.float64) - b) ** 2).mean())

    def cut(x: torch.Tensor) -> np.ndarray:
        return np.where(x.numpy() <= -100, 0, x.numpy())

    w, b = loss.project.weight.detach().numpy(), loss.project.bias.detach().numpy()
    states = [mse(h.numpy() @ w.T + b, theirs[1][k].numpy()) for h, k in zip(mine[1], at, strict=True)]
    attention = sum(mse(cut(mine[2][m]), cut(theirs[2][at[m + 1] - 1])) for m in range(2))
    assert len(mine[2]) == 2 and len(theirs[1]) == 7
    assert float(parts["embeddings"]) == pytest.approx(states[0], rel=1e-4) and float(parts["hidden"]) == pytest.approx(sum(states[1:]), rel=1e-4)
    assert float(parts["attention"]) == pytest.approx(attention, rel=1e-4) and float(total) == pytest.approx(attention + sum(states), rel=1e-4)
    assert float(theirs[2][0].min()) < -9000 and float(parts["attention"]) < 1


def test_prediction_is_a_mean_over_classes() -> None:
    s, t = randn(4, 3), randn(4, 3, seed=1)
    expected = -(softmax(t.numpy()) * np.log(softmax(s.numpy()))).sum() / 12
    assert float(distill_text.prediction(s, t)) == pytest.approx(expected, rel=1e-12)


def test_two_stages() -> None:
    """Inside first, with its projection, then predictions: both losses fall, and predictions come close to the teacher's."""
    student, teacher = small(2, 8, 0), small(4, 12, 1)
    with torch.no_grad():
        teacher.classifier.weight.mul_(4)
    for net in (student, teacher):
        net.bert.embeddings.word_embeddings.weight.requires_grad_(False)
    inside = distill_text.Inside(8, 12)

    def apart() -> float:
        with torch.no_grad():
            return float((student.eval()(*batch()).softmax(1) - teacher(*batch()).softmax(1)).abs().max())

    def adam(*modules: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.Adam([p for m in modules for p in m.parameters() if p.requires_grad], 1e-2)

    first = list(distill_text.stage(student, teacher, [batch()] * 30, adam(student, inside), inside))
    before = apart()
    second = list(distill_text.stage(student, teacher, [batch()] * 30, adam(student), None))
    assert first[-1] < 0.8 * first[0] and second[-1] < second[0] and apart() < 0.7 * before


def test_bert_base_as_teacher_has_its_parameters() -> None:
    """109 million, without making them; the heads of TinyBERT-4 are as many."""
    with torch.device("meta"):
        net = TinyBERT(12, size=(768, 3072, 12))
    assert round(sum(p.numel() for n, p in net.named_parameters() if "classifier" not in n) / 1e6) == 109


def test_augmented_sentences() -> None:
    words = ["the", "film", "is", "a", "delight"]
    asked: list[int] = []

    def masked(_: object, k: int) -> list[str]:
        asked.append(k)
        return ["alpha", "beta", "gamma"]

    found = distill_text.augmented(words, 200, masked, neighbours=lambda w: [w + "s"], whole=lambda w: w != "delight", stop={"the", "a", "is"}, most=2)
    assert found[0] == words and len({tuple(f) for f in found}) == len(found) == 6, "film: 1 + 2 choices, delight: 1 + 1"
    assert set(asked) == {1} and len(asked) == 1 and all(f[0] == "the" and "gamma" not in f for f in found)
    again = distill_text.augmented(words, 200, masked, seed=0, p=1.0)
    assert all(f[1] in ("alpha", "beta", "gamma") for f in again[1:])

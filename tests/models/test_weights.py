"""Weight files are hostile input: damaged ones, pickles, tensors that do not fit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the networks of pith.models are PyTorch modules; install torch to test them")

import pith  # noqa: E402
from pith import models  # noqa: E402
from pith.models import weights  # noqa: E402


@pytest.fixture
def net() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 2))


@pytest.mark.parametrize("wrap", ["", "state_dict", "model", "module."])
def test_forms_of_files(net: torch.nn.Module, wrap: str, tmp_path: Path) -> None:
    state = {k: torch.full_like(v, 0.5) for k, v in net.state_dict().items() if "num_batches" not in k}
    held = {f"module.{k}": v for k, v in state.items()} if wrap == "module." else {wrap: state} if wrap else state
    torch.save(held, tmp_path / "w.pth")
    weights.install(net, weights.read_state(tmp_path / "w.pth"), "w.pth")
    assert all(bool((p == 0.5).all()) for p in net.parameters())


def refused(net: torch.nn.Module, path: Path) -> str:
    before = {k: v.clone() for k, v in net.state_dict().items()}
    with pytest.raises(pith.PithError) as caught:
        weights.install(net, weights.read_state(path), str(path))
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items()), "all or nothing"
    return str(caught.value)


def test_what_does_not_fit_is_named(net: torch.nn.Module, tmp_path: Path) -> None:
    state = net.state_dict()
    del state["2.bias"]
    state["3.weight"] = torch.zeros(1)
    state["0.weight"] = torch.zeros(4, 3, 5, 5)
    torch.save(state, tmp_path / "w.pth")
    text = refused(net, tmp_path / "w.pth")
    assert "1 layers are missing: 2.bias" in text and "1 are not of this network: 3.weight" in text
    assert "0.weight is 4x3x5x5 and should be 4x3x3x3" in text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1j])
def test_numbers_that_are_none(net: torch.nn.Module, value: complex, tmp_path: Path) -> None:
    torch.save({**net.state_dict(), "2.bias": torch.tensor([1.0, value])}, tmp_path / "w.pth")
    assert "not finite real numbers: 2.bias" in refused(net, tmp_path / "w.pth")


def test_a_huge_tensor_of_few_bytes_is_not_made(net: torch.nn.Module, tmp_path: Path) -> None:
    torch.save({**net.state_dict(), "2.bias": torch.zeros(1).expand(1 << 40)}, tmp_path / "w.pth")
    assert "2.bias is 1099511627776" in refused(net, tmp_path / "w.pth")


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("ran",)


def test_pickled_code_is_not_run(net: torch.nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": Evil()}, tmp_path / "w.pth")
    assert "cannot be read" in refused(net, tmp_path / "w.pth") and not (tmp_path / "ran").exists()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x80\x02}q\x00.", bytes(range(100)), b"not weights" * 50], ids=range(5))
def test_damaged_files(net: torch.nn.Module, data: bytes, tmp_path: Path) -> None:
    (tmp_path / "w.pth").write_bytes(data)
    assert "weight file" in refused(net, tmp_path / "w.pth")


def test_truncated_at_every_tenth(net: torch.nn.Module, tmp_path: Path) -> None:
    torch.save(net.state_dict(), tmp_path / "whole.pth")
    data = (tmp_path / "whole.pth").read_bytes()
    for part in range(10):
        (tmp_path / "w.pth").write_bytes(data[: len(data) * part // 10])
        refused(net, tmp_path / "w.pth")


@pytest.mark.parametrize("held", [[], {"a": 1}, {}, torch.zeros(3), {"state_dict": {"x": [1]}}, {1: torch.zeros(2)}])
def test_files_without_a_state_dict(net: torch.nn.Module, held: object, tmp_path: Path) -> None:
    torch.save(held, tmp_path / "w.pth")
    assert "holds no state dict" in refused(net, tmp_path / "w.pth")


def test_too_large(net: torch.nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(net.state_dict(), tmp_path / "w.pth")
    monkeypatch.setattr(weights, "LIMIT", 1000)
    assert "too large" in refused(net, tmp_path / "w.pth")


def test_no_file(net: torch.nn.Module, tmp_path: Path) -> None:
    assert "there is no weight file" in refused(net, tmp_path / "w.pth")


def test_create_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(pith.PithError, match="cannot be made with colour"):
        models.create("resnet20", colour=3)
    with pytest.raises(pith.PithError, match="cannot be made") as caught:
        models.create("resnet20", depth=21)
    assert "6n" in str(caught.value)
    torch.save(models.create("resnet20").state_dict(), tmp_path / "w.pth")
    with pytest.raises(pith.PithError, match="do not fit LPRNet"):
        models.create("lprnet", pretrained=tmp_path / "w.pth")
    with pytest.raises(pith.PithError, match="do not fit ResNetCifar") as caught:
        models.create("resnet20", pretrained=tmp_path / "w.pth", classes=100)
    assert "linear.weight is 10x64 and should be 100x64" in str(caught.value)


def test_lesrcnn_with_another_mean(tmp_path: Path) -> None:
    state = {**models.create("lesrcnn_x2").state_dict(), "sub_mean.shifter.weight": torch.eye(3).reshape(3, 3, 1, 1)}
    state["sub_mean.shifter.bias"] = -torch.tensor([0.5, 0.5, 0.5])
    torch.save(state, tmp_path / "w.pth")
    with pytest.raises(pith.PithError, match="sub_mean does not shift by the mean"):
        models.create("lesrcnn_x2", pretrained=tmp_path / "w.pth")

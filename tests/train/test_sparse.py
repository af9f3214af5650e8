"""Block-sparse layers give exactly what the dense masked matrix gives; the capacity holds; RigL drops and grows what it should."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="sparse layers are PyTorch modules; install torch to test them")

from pith import PithError  # noqa: E402
from pith.train import sparse  # noqa: E402
from pith.train.sparse import BlockSparseLinear  # noqa: E402


@pytest.mark.parametrize("block", [1, 4, 8])
def test_exactly_the_masked_dense_matrix(block: int) -> None:
    """Whole numbers, so that sums are exact in any order; gradients too."""
    layer = BlockSparseLinear(24, 16, block, 0.3, seed=1)
    g = torch.Generator().manual_seed(0)
    with torch.no_grad():
        layer.data[: layer.used] = torch.randint(-8, 9, layer.data[: layer.used].shape, generator=g).float()
        layer.bias.copy_(torch.randint(-8, 9, (16,), generator=g).float())
    x = torch.randint(-8, 9, (2, 5, 24), generator=g).float().requires_grad_()
    weight = layer.dense().detach().requires_grad_()
    mask = layer.pattern().repeat_interleave(block, 0).repeat_interleave(block, 1)
    assert torch.equal(weight != 0, (weight != 0) & mask) and layer.used == layer.capacity == -(-3 * layer.pattern().numel() // 10)
    y, z = layer(x), torch.nn.functional.linear(x, weight, layer.bias)
    assert torch.equal(y, z)
    up = torch.randint(-3, 4, y.shape, generator=g).float()
    dx, data = torch.autograd.grad(y, [x, layer.data], up)
    ex, ew = torch.autograd.grad(z, [x, weight], up)
    assert torch.equal(dx, ex) and torch.equal(sparse.dense_gradient(x.detach(), up), ew)
    blocks = ew.reshape(16 // block, block, 24 // block, block).transpose(1, 2)
    assert torch.equal(data[: layer.used], blocks[layer.rows[: layer.used], layer.columns[: layer.used]])


def test_patterns_change_within_the_capacity() -> None:
    layer = BlockSparseLinear(16, 16, 4, 0.25)
    before, dense = layer.pattern(), layer.dense().detach()
    fewer = before.clone()
    fewer.view(-1)[before.flatten().nonzero()[0]] = False
    layer.change(fewer)
    kept = fewer.repeat_interleave(4, 0).repeat_interleave(4, 1)
    assert layer.used == 3 and layer.data.shape == (4, 4, 4) and torch.equal(layer.dense(), torch.where(kept, dense, torch.zeros_like(dense)))
    assert bool((layer.data[3] == 0).all())
    with pytest.raises(PithError, match="5 blocks, and there is room for 4"):
        layer.change(torch.arange(16).reshape(4, 4) < 5)
    with pytest.raises(PithError, match="a pattern"):
        layer.change(torch.ones(3, 4, dtype=torch.bool))
    with pytest.raises(PithError, match="blocks of 5"):
        BlockSparseLinear(16, 16, 5)
    with pytest.raises(PithError, match="density"):
        BlockSparseLinear(16, 16, 4, 0.0)


def test_rigl_drops_the_least_and_grows_the_steepest() -> None:
    layer = BlockSparseLinear(8, 8, 2, 0.25, pattern=torch.eye(4, dtype=torch.bool))
    with torch.no_grad():
        layer.data.copy_(torch.tensor([3.0, 0.1, 2.0, 4.0]).reshape(4, 1, 1).expand(4, 2, 2))
    slope = torch.zeros(8, 8)
    slope[0:2, 6:8] = -5.0  # block (0, 3)
    assert sparse.rigl(layer, slope, 0.3) == 1
    expected = torch.eye(4, dtype=torch.bool)
    expected[1, 1], expected[0, 3] = False, True
    assert torch.equal(layer.pattern(), expected) and layer.used == layer.capacity == 4
    assert bool((layer.dense()[0:2, 6:8] == 0).all()) and bool((layer.dense()[4:6, 4:6] == 2).all())
    assert sparse.rigl(layer, slope, 0.1) == 0
    with pytest.raises(PithError, match="a gradient"):
        sparse.rigl(layer, torch.zeros(4, 4), 0.3)


def test_what_an_optimiser_remembers_goes_with_its_block() -> None:
    layer = BlockSparseLinear(8, 8, 2, 0.25, pattern=torch.eye(4, dtype=torch.bool))
    optimiser = torch.optim.Adam(layer.parameters(), 0.0)
    (layer(torch.ones(1, 8)) * torch.arange(1.0, 9)).sum().backward()
    optimiser.step()
    with torch.no_grad():
        layer.data.copy_(torch.tensor([3.0, 0.1, 2.0, 4.0]).reshape(4, 1, 1).expand(4, 2, 2))

    def remembered() -> dict[tuple[int, int], torch.Tensor]:
        moments = optimiser.state[layer.data]["exp_avg"]
        return {(int(r), int(c)): moments[k].clone() for k, (r, c) in enumerate(zip(layer.rows, layer.columns, strict=True))}

    before, slope = remembered(), torch.zeros(8, 8)
    slope[6:8, 0:2] = -5.0  # block (3, 0), behind (2, 2), which moves up
    assert sparse.rigl(layer, slope, 0.3, optimiser) == 1
    after = remembered()
    assert list(after) == [(0, 0), (2, 2), (3, 0), (3, 3)] and bool((after[3, 0] == 0).all())
    assert all(torch.equal(after[k], before[k]) and bool((after[k] != 0).all()) for k in ((0, 0), (2, 2), (3, 3)))


@pytest.mark.parametrize("there", [1, 3])
def test_weights_kept_with_their_pattern(there: int, tmp_path: Path) -> None:
    """Into a layer that has more blocks, or fewer; in a file as well."""
    one, other = (BlockSparseLinear(8, 8, 2, 0.25, pattern=torch.arange(16).reshape(4, 4) < n, seed=n) for n in (there, 2))
    if there == 3:
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.allclose(one(torch.ones(1, 8)).float(), one(torch.ones(1, 8, dtype=torch.bfloat16)).float())
    torch.save(one.state_dict(), tmp_path / "layer.pt")
    other.load_state_dict(torch.load(tmp_path / "layer.pt", weights_only=True))
    before = {k: v for k, v in other.state_dict().items() if not k.endswith("_extra_state")}
    other.load_state_dict(before)  # of a file that does not say how many there are
    x = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(one(x), other(x)) and torch.equal(one.dense(), other.dense()) and torch.equal(one.pattern(), other.pattern())


def test_what_does_not_fit_a_layer() -> None:
    layer = BlockSparseLinear(8, 8, 2, 0.25)
    for x, why in ((torch.zeros(2, 7), r"\[2, 7\]"), (torch.zeros(2, 8, dtype=torch.float64), "float64")):
        with pytest.raises(PithError, match=f"an input.*{why}"):
            layer(x)
    for share, gradient, why in ((-0.1, 0.0, "a share of -0.1"), (2.0, 0.0, "a share of 2.0"), (0.5, float("nan"), "not finite")):
        with pytest.raises(PithError, match=why):
            sparse.rigl(layer, torch.full((8, 8), gradient), share)


def test_rigl_finds_the_blocks_that_matter() -> None:
    """A target of four blocks out of sixty-four, learned with a capacity of eight that begins elsewhere."""
    torch.manual_seed(0)
    wanted = torch.zeros(8, 8, dtype=torch.bool)
    wanted[[0, 2, 5, 7], [3, 3, 1, 6]] = True
    target = BlockSparseLinear(32, 32, 4, 1.0, pattern=wanted, bias=False)
    start = torch.zeros(8, 8, dtype=torch.bool)
    start[4] = True
    layer = BlockSparseLinear(32, 32, 4, 8 / 64, pattern=start, bias=False)
    optimiser = torch.optim.SGD(layer.parameters(), 0.5)
    for step in range(200):
        x = torch.randn(64, 32)
        y = layer(x)
        y.retain_grad()
        loss = (y - target(x).detach()).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 20 == 0 and (share := sparse.rigl_share(step, 150, 0.5)):
            sparse.rigl(layer, sparse.dense_gradient(x, y.grad), share)
    assert bool(layer.pattern()[wanted].all()) and float(loss.detach()) < 1e-3 and layer.used == layer.capacity


def test_schedules() -> None:
    assert [sparse.gradual(t, 10, 5, 20, 0.0, 0.8) for t in (0, 10, 110, 999)] == [0, 0, 0.8, 0.8]
    assert sparse.gradual(60, 10, 5, 20, 0.1, 0.9) == pytest.approx(0.9 - 0.8 * 0.125)
    assert sparse.rigl_share(0, 100) == 0.3 and sparse.rigl_share(50, 100) == pytest.approx(0.15) and sparse.rigl_share(100, 100) == 0

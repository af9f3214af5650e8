"""Networks on a machine behind SSH: a server of the test's own on this one, and what is said of devices that do not do."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest

import pith
from pith.api import compile_to
from pith.devices import open_device
from pith.devices.ssh import Facts, SshDevice
from pith.emulated import verify
from pith.graph.errors import BuildError, InputError, UnsupportedError
from pith.targets.base import get_target
from pith.targets.compiler import find_compiler
from pith.targets.cpu import features_in, machine
from tests.cli.test_errors import pith as command
from tests.devices import sshd
from tests.devices.sshd import Server, free_port

MODEL = Path(__file__).resolve().parents[2] / "pith" / "demo" / "mobilenext_cifar10.onnx"
TEXT = """<ir_version: 8, opset_import: ["" : 17]> small (float[1, 16, 20, 20] x) => (float[1, 16] y)
<float[16, 16, 3, 3] w = {%s}> { a = Conv<pads = [1, 1, 1, 1]>(x, w) b = Relu(a) c = GlobalAveragePool(b) y = Flatten(c) }"""
needs_server = pytest.mark.skipif(bool(sshd.LACKING), reason=sshd.LACKING)
pytestmark = pytest.mark.skipif(machine() != "x86_64", reason="targets of the tests are x86-64's")


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with sshd.server(tmp_path_factory.mktemp("sshd")) as made:
        yield made


@pytest.fixture
def board(ssh: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """The server, and after the test nothing is left of it in its folder."""
    monkeypatch.setenv("PITH_SSH_COMMAND", ssh.command)
    monkeypatch.setenv("COLUMNS", "200")
    place = tmp_path / "on the board"
    place.mkdir()
    yield Server(f"{ssh.address}{place}", ssh.folder, ssh.command, ssh.poor, ssh.programs)
    assert not list(place.iterdir())


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A convolution, a mean."""
    weights = ", ".join(f"{w:.3f}" for w in np.random.default_rng(2).standard_normal(16 * 16 * 9))
    path = tmp_path_factory.mktemp("model") / "small.onnx"
    onnx.save(onnx.parser.parse_model(TEXT % weights), path)
    return path


@needs_server
def test_verify_and_bench(board: Server, small: Path, tmp_path: Path) -> None:
    """One command, and times are measured: of runs, and of layers."""
    done = command("verify", small, "-t", "x86-64-v2", "--device", board.address, "--sets", "3", "--runs", "4", "--json", cwd=tmp_path, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["holds"] and found["runs"] == 12 and 0 < found["median_ms"] < 1000 and found["instructions"] is None
    assert sum(x["ms"] for x in found["layers"]) > 0 and len(found["layers"]) == 3
    assert [x["name"] for x in found["layers"]][1:] == ["a", "c"]
    done = command("bench", small, "--device", board.address, "--seconds", "0.2", "--layers", cwd=tmp_path, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    assert "ms a run" in done.stdout and "measured there" in done.stdout and "M MACs/s" in done.stdout and "holds" not in done.stdout


@needs_server
def test_run(board: Server, small: Path, tmp_path: Path) -> None:
    """Files as for `pith run` here, of a model and of a folder that was compiled before; outputs are those of the library."""
    x = np.random.default_rng(3).standard_normal((1, 16, 20, 20)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    done = command("run", small, "x.npy", "-t", "x86-64-v2", "--device", board.address, "-o", "y.npy", cwd=tmp_path, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), pith.compile(small, "x86-64-v2", out=tmp_path / "net")(x))
    done = command("run", "net", "x.npy", "--device", board.address, "-o", "z.npy", cwd=tmp_path, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.load(tmp_path / "z.npy"), np.load(tmp_path / "y.npy"))


@needs_server
def test_bits_are_those_of_the_library(board: Server, tmp_path: Path) -> None:
    manifest = compile_to(MODEL, tmp_path / "net", "x86-64-v3")
    rng = np.random.default_rng(0)
    sets = [{"image": rng.standard_normal((1, 3, 32, 32)).astype(np.float32)} for _ in range(3)]
    device = open_device(board.address)
    done = device.execute(tmp_path / "net", manifest, get_target("x86-64-v3"), sets, find_compiler(), seconds=0.05)
    session = pith.load(tmp_path / "net")
    for feed, got in zip(sets, done.outputs, strict=True):
        np.testing.assert_array_equal(got["logits"], session(feed["image"]))
    assert done.times is not None and sum(done.times) >= 0.9 * 3 * 50 and min(done.times) > 0 and done.stack


@needs_server
def test_the_target_that_suits(board: Server) -> None:
    """Chosen by what the device says of its processor: the best of those that run here."""
    device = open_device(board.address)
    name = device.target()
    assert name is not None and get_target(name).runs_here() and name != "c99"
    with pytest.raises(UnsupportedError, match=r"(?s)aarch64 does not run on the device.*processor is x86_64, the code is for aarch64.*-t x86-64"):
        verify(MODEL, "aarch64", device=device)
    with pytest.raises(UnsupportedError, match=r"(?s)cortex-m4 does not run on the device.*not for Linux"):
        verify(MODEL, "cortex-m4", device=device)


@pytest.mark.parametrize(
    ("system", "cpu", "want"),
    [
        ("aarch64", "Features : fp asimd evtstrm", "aarch64"),
        ("aarch64", "Features\t: fp asimd asimddp", "aarch64-dotprod"),
        ("riscv64", "isa\t\t: rv64imafdcv_zicbom", "riscv64-v"),
        ("riscv64", "isa\t\t: rv64imafdc", "riscv64"),
        ("x86_64", "flags : sse2", "c99"),
    ],
)
def test_targets_by_processor(system: str, cpu: str, want: str) -> None:
    device = SshDevice("ssh://board", "board", None, "/tmp", 60)
    device.__dict__["facts"] = Facts("Linux", system, features_in(cpu), None)
    assert device.target() == want
    device.__dict__["facts"] = Facts("Linux", "sparc64", frozenset(), None)
    with pytest.raises(UnsupportedError, match="no target for a sparc64 device"):
        device.target()


@needs_server
def test_who_is_not_there_or_lets_nobody_in(ssh: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PITH_SSH_COMMAND", ssh.command)
    with pytest.raises(BuildError, match=r"(?s)cannot be reached.*Connection refused"):
        open_device(f"ssh://127.0.0.1:{free_port()}").target()
    done = command("verify", MODEL, "--device", f"ssh://127.0.0.1:{free_port()}", cwd=tmp_path, env=dict(os.environ))
    assert done.returncode == 2 and done.stderr.startswith("error: the device cannot be reached\n  where: ssh://127.0.0.1:")
    monkeypatch.setenv("PITH_SSH_COMMAND", sshd._config(ssh.folder, "stranger"))
    with pytest.raises(BuildError, match=r"(?s)lets nobody in without a password.*ssh-copy-id"):
        open_device(ssh.address).target()
    monkeypatch.setenv("PITH_SSH_COMMAND", sshd._config(ssh.folder, "rich", "nobody_known"))
    with pytest.raises(BuildError, match=r"(?s)key is not the one that is known.*log in by hand once"):
        open_device(ssh.address).target()
    monkeypatch.setenv("PITH_SSH_COMMAND", "no-such-ssh")
    with pytest.raises(BuildError, match=r"(?s)no-such-ssh could not be started.*openssh-client"):
        open_device(ssh.address).target()


@needs_server
def test_a_device_that_lacks_something(board: Server, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs, room, a folder: each is named. The poor login finds only what is in one folder."""
    monkeypatch.setenv("PITH_SSH_COMMAND", board.poor)
    for name in ("sh", "uname", "cat", "rm", "mktemp", "df"):
        where = shutil.which(name)
        assert where is not None
        (board.programs / name).symlink_to(where)
    with pytest.raises(BuildError, match=r"(?s)the device has no tar.*install it there"):
        verify(small, "x86-64-v2", device=open_device(board.address))
    tar, df = board.programs / "tar", board.programs / "df"
    tar.write_text("#!/bin/sh\n/bin/cat >/dev/null\necho 'tar: program: Cannot write: No space left on device' >&2\nexit 2\n")
    tar.chmod(0o755)
    with pytest.raises(BuildError, match=r"(?s)the device's disk is full.*No space left.*another folder"):
        verify(small, "x86-64-v2", device=open_device(board.address))
    df.unlink()
    df.write_text("#!/bin/sh\necho head\necho '/dev/root 9000 8988 12 99% /'\n")
    df.chmod(0o755)
    with pytest.raises(BuildError, match=r"(?s)the device's disk is full.*0\.0 MB are free, [\d.]+ MB are needed"):
        verify(small, "x86-64-v2", device=open_device(board.address))


@needs_server
def test_folders_and_limits(board: Server, small: Path) -> None:
    with pytest.raises(BuildError, match=r"(?s)no folder can be made on the device.*another folder"):
        verify(small, "x86-64-v2", device=open_device(board.address + "/not/there"))
    with pytest.raises(BuildError, match=r"(?s)did not come to an end on the device.*the limit is 1 s"):
        verify(small, "x86-64-v2", device=open_device(board.address, limit=1), seconds=300)


@pytest.mark.parametrize(
    "address",
    ["board", "ftp://board", "ssh://", "ssh://-oProxyCommand=x", "ssh://a b", "ssh://u:secret@h", "ssh://h:99999", "ssh://h?x=1", "ssh://-l@h"],
)
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(InputError, match="is no address"):
        open_device(address)


def test_limits_that_are_none() -> None:
    for limit in (0, -1, float("nan"), float("inf")):
        with pytest.raises(InputError, match="limit"):
            open_device("ssh://board", limit=limit)


def test_bench_there_is_of_pith_alone(tmp_path: Path) -> None:
    done = command("bench", MODEL, "--device", "ssh://board", "--peers", "onnxruntime", cwd=tmp_path)
    assert done.returncode == 2 and "Pith alone is measured there" in done.stderr

"""A server of SSH for the tests: on a free port of this machine, with keys made for it, and none of the machine's settings."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SSHD = shutil.which("sshd") or shutil.which("/usr/sbin/sshd")
LACKING = "" if SSHD and shutil.which("ssh") and shutil.which("ssh-keygen") else "openssh-server is not installed"


@dataclass(frozen=True)
class Server:
    """address: for --device;  folder: with its files;  command: for PITH_SSH_COMMAND;  poor: the same for a login whose programs are
    those in `programs` alone."""

    address: str
    folder: Path
    command: str
    poor: str
    programs: Path


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _config(folder: Path, key: str, known: str = "known_hosts") -> str:
    config = folder / f"config_{key}_{known}"
    config.write_text(f"Host *\n  IdentityFile {folder / key}\n  IdentitiesOnly yes\n  UserKnownHostsFile {folder / known}\n  LogLevel ERROR\n")
    return f"ssh -F {config}"


@contextlib.contextmanager
def server(folder: Path) -> Iterator[Server]:
    assert SSHD is not None
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    port, programs = free_port(), folder / "programs"
    programs.mkdir()
    for key in ("host", "rich", "poor", "stranger"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)], check=True)
    rich, poor = ((folder / f"{k}.pub").read_text() for k in ("rich", "poor"))
    only = f'command="PATH={programs}; export PATH; eval \\"$SSH_ORIGINAL_COMMAND\\"" '
    (folder / "authorized").write_text(rich + only + poor)
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}")
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host'}\nAuthorizedKeysFile {folder / 'authorized'}\nPidFile none\n"
        "StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 100\nLogLevel ERROR\n"
    )
    log = (folder / "log").open("w")
    process = subprocess.Popen([str(Path(SSHD).resolve()), "-D", "-e", "-f", str(folder / "sshd_config")], stdout=log, stderr=log)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        user = getpass.getuser()
        yield Server(f"ssh://{user}@127.0.0.1:{port}", folder, _config(folder, "rich"), _config(folder, "poor"), programs)
    finally:
        process.terminate()
        process.wait()
        log.close()

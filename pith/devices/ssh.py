"""Linux machines that `ssh` reaches: the program around the network goes there, runs, and is removed again.

Of the device nothing is needed but a shell, `tar`, `cat`, `rm`, `mktemp` and `df`, as BusyBox has them. The command of this machine is
`ssh`, or `$PITH_SSH_COMMAND` (words as in a shell), so that keys, proxies and names of hosts are those of the user's own settings;
nothing is asked for: who cannot log in without a password is told so.
"""

from __future__ import annotations

import functools
import io
import os
import re
import shlex
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pith.emulators.base import Arrays, Execution
from pith.emulators.program import build_linux, program_input, program_output
from pith.graph.errors import BuildError, InputError, UnsupportedError
from pith.targets.base import TARGETS, Target, load_all
from pith.targets.compiler import Compiler
from pith.targets.cpu import architecture, features_in

_MOST_MS = (1 << 32) - 1
_BEGIN = b"pith-begin\n"  # what comes before it was said by the login, not by us
_CONNECT = 15  # seconds for a connection

_ASK = r"""printf 'pith-begin\n'
uname -sm
for p in tar cat rm mktemp df; do command -v $p >/dev/null 2>&1 || echo "lacks $p"; done
while IFS= read -r l; do case $l in flags*|Features*|isa*) echo "cpu $l"; break;; esac; done </proc/cpuinfo
df -Pk @FOLDER@ 2>&1 | { while IFS= read -r l; do last=$l; done; echo "space $last"; }
:
"""
# exit codes: 91 no folder, 92 not unpacked; else those of the program or of the shell that could not start it
_RUN = r"""d=$(mktemp -d @FOLDER@/pith-XXXXXX) || exit 91
trap 'rm -rf "$d"' EXIT
trap 'exit 143' HUP INT TERM
cd "$d" && tar xf - || exit 92
ulimit -t @LIMIT@
./program <in >out
code=$?
[ $code -eq 0 ] || exit $code
printf 'pith-begin\n'
cat out
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a device says of itself. system: as `uname -s`;  processor: first part of a compiler's triple;  features: as Linux names
    them;  free: bytes in its folder, None where it does not say."""

    system: str
    processor: str
    features: frozenset[str]
    free: int | None


class SshDevice:
    """See `pith.devices.base.Device`."""

    def __init__(self, address: str, login: str, port: int | None, folder: str, limit: float) -> None:
        self.address, self.login, self.port, self.folder, self.limit = address, login, port, folder, limit

    def _command(self) -> list[str]:
        words = shlex.split(os.environ.get("PITH_SSH_COMMAND", "")) or ["ssh"]
        port = [] if self.port is None else ["-p", str(self.port)]
        return [*words, "-T", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={_CONNECT}", "-o", "ServerAliveInterval=15", *port, "--", self.login]

    def _shell(self, script: str, data: bytes, seconds: float) -> tuple[int, bytes, str]:
        """Run `script` there on `data`: its exit code, what it wrote after the beginning was marked, and its errors. Raises BuildError
        where the device cannot be reached."""
        command = [*self._command(), f"exec sh -c {shlex.quote(script)}"]
        try:
            done = subprocess.run(command, input=data, capture_output=True, check=False, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise BuildError("the device did not answer in time", where=self.address, why=f"nothing came for {seconds:.0f} s",
                             try_="a larger --limit") from None  # fmt: skip
        except OSError as e:
            raise BuildError(f"{command[0]} could not be started", why=e.strerror or str(e), try_="apt-get install openssh-client") from None
        errors = done.stderr.decode(errors="replace").strip()[-2000:]
        if done.returncode == 255:
            raise self._unreachable(errors)
        return done.returncode, done.stdout.partition(_BEGIN)[2], errors

    def _unreachable(self, errors: str) -> BuildError:
        what, try_ = "the device cannot be reached", "is it on, and in this network? try by hand: " + shlex.join([*self._command(), "true"])
        if "Permission denied" in errors:
            what, try_ = "the device lets nobody in without a password", f"ssh-copy-id {self.login}, or a key in your settings of ssh"
        elif "ost key" in errors:
            what, try_ = "the device's key is not the one that is known, or not known yet", f"log in by hand once: ssh {self.login}"
        return BuildError(what, where=self.address, why=errors or "ssh said nothing", try_=try_)

    @functools.cached_property
    def facts(self) -> Facts:
        """What the device says of itself. Raises BuildError where it cannot be reached or is none that can be used."""
        code, said, errors = self._shell(_ASK.replace("@FOLDER@", shlex.quote(self.folder)), b"", _CONNECT * 3)
        lines = said.decode(errors="replace").splitlines()
        if code or not lines or len(lines[0].split()) != 2:
            raise BuildError("the device has no shell that can be used", where=self.address, why=errors or f"it ended with code {code}",
                             try_="Linux with a POSIX shell")  # fmt: skip
        if lacks := [line.removeprefix("lacks ") for line in lines if line.startswith("lacks ")]:
            raise BuildError(f"the device has no {', no '.join(lacks)}", where=self.address, why="its shell does not find the program",
                             try_="install it there (BusyBox has all that is needed)")  # fmt: skip
        system, processor = lines[0].split()
        cpu = "\n".join(line.removeprefix("cpu ") for line in lines if line.startswith("cpu "))
        space = next((line.split() for line in lines if line.startswith("space ")), [])
        free = int(space[4]) * 1024 if len(space) >= 5 and space[4].isdigit() else None
        return Facts(system, architecture(processor), features_in(cpu), free)

    def target(self) -> str | None:
        """The target whose demands on the processor are the highest that it meets; of equals the one with the shorter vectors, which
        is right for every length."""
        load_all()
        made = [make() for name, make in sorted(TARGETS.items()) if name != "host"]
        fit = [t for t in made if not self._against(t)]
        if not fit:
            raise UnsupportedError(f"no target for a {self.facts.processor} device", where=self.address, why="none of Pith's targets is for its processor",
                                   try_="-t c99, and a compiler of its own: see docs/c-api.md")  # fmt: skip
        return max(fit, key=lambda t: (len(t.cpu_features), -(t.isa.vector_bytes or 0))).name

    def _against(self, target: Target) -> str:
        """Why code for `target` does not run there; empty where it may."""
        if not target.hosted:
            return f"target {target.name} is not for Linux"
        if (wanted := target.triple.partition("-")[0]) != self.facts.processor and not wanted.startswith(f"{self.facts.processor}v"):
            return f"the device's processor is {self.facts.processor}, the code is for {wanted}"
        if absent := sorted(set(target.cpu_features) - self.facts.features):
            return f"the device's processor lacks {', '.join(absent)}"
        return ""

    def check(self, target: Target) -> None:
        """See `Device`: system, processor, and its features."""
        if self.facts.system != "Linux":
            raise UnsupportedError("the device does not run Linux", where=self.address, why=f"it says {self.facts.system}")
        if why := self._against(target):
            raise UnsupportedError(f"target {target.name} does not run on the device", where=self.address, why=why, try_=f"-t {self.target()}")

    def execute(
        self, folder: Path, manifest: Mapping[str, Any], target: Target, sets: Sequence[Arrays], compiler: Compiler, *,
        runs: int = 1, seconds: float = 0.0, steps: bool = False,
    ) -> Execution:  # fmt: skip
        """See `Device`. Steps are timed in a second program, by the first set."""
        self.check(target)
        ms, count = min(_MOST_MS, round(seconds * 1e3)), len(manifest["variants"][0]["steps"])
        with tempfile.TemporaryDirectory(prefix="pith-device-") as name:
            work = Path(name)
            program = build_linux(folder, manifest, target, compiler, work, marked=False, timed=True)
            out = self._run(program, program_input(manifest, sets, runs, ms), target)
            found = program_output(manifest, out, len(sets), timed=True)
            if not steps:
                return found
            marked = build_linux(folder, manifest, target, compiler, work, marked=True, timed=True)
            again = self._run(marked, program_input(manifest, sets[:1], runs, ms), target)
            by_step = program_output(manifest, again, 1, timed=True, steps=count).step_times
            return Execution(found.outputs, found.stack, times=found.times, step_times=by_step)

    def _run(self, program: Path, data: bytes, target: Target) -> bytes:
        """Send a program and what it reads, run it, and bring back what it wrote; nothing stays there."""
        image = program.read_bytes()
        need = len(image) + 2 * len(data) + (1 << 20)
        if self.facts.free is not None and self.facts.free < need:
            raise self._full(f"{self.facts.free / 1e6:.1f} MB are free, {need / 1e6:.1f} MB are needed")
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for name, mode, content in (("program", 0o755, image), ("in", 0o644, data)):
                info = tarfile.TarInfo(name)
                info.size, info.mode = len(content), mode
                tar.addfile(info, io.BytesIO(content))
        script = _RUN.replace("@FOLDER@", shlex.quote(self.folder)).replace("@LIMIT@", str(max(1, round(self.limit))))
        code, said, errors = self._shell(script, packed.getvalue(), 2 * self.limit + 60)
        if code:
            raise self._failed(code, errors, target)
        return said

    def _full(self, why: str) -> BuildError:
        return BuildError("the device's disk is full", where=self.address, why=why, try_="free space there, or another folder: ssh://user@board/folder")

    def _failed(self, code: int, errors: str, target: Target) -> BuildError:
        """What an exit code of `_RUN` means."""
        if "No space left" in errors or code == 5:
            return self._full(errors or "the outputs could not be written")
        if code == 91:
            return BuildError("no folder can be made on the device", where=self.address, why=errors, try_="another folder: ssh://user@board/folder")
        if code == 92:
            return BuildError("the program could not be unpacked on the device", where=self.address, why=errors)
        if code in (126, 127):
            return BuildError("the device does not start the program", where=self.address, why=errors or f"exit code {code}",
                              try_="a folder from which programs may run: ssh://user@board/folder")  # fmt: skip
        if code == 3:
            return BuildError("the network refused to run on the device", where=self.address, why="its vectors are too short for the code",
                              try_=f"another target than {target.name}")  # fmt: skip
        if code in (137, 152):
            return BuildError("the network did not come to an end on the device", where=self.address, why=f"the limit is {self.limit:.0f} s",
                              try_="a larger --limit, or fewer --sets and --runs")  # fmt: skip
        why = {132: "an instruction that its processor does not know", 135: "memory was read across its alignment", 139: "memory that is not there"}
        return BuildError(f"the program failed on the device (exit code {code})", where=self.address, why=why.get(code, errors or "it said nothing"))


def at(address: str, limit: float) -> SshDevice:
    """The device at ssh://[user@]host[:port][/folder]; without a folder its /tmp. Raises InputError."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as e:
        raise InputError(f"--device {address!r} is no address", why=str(e), try_="ssh://user@board:22/folder") from None
    user, host, folder = unquote(parts.username or ""), parts.hostname or "", unquote(parts.path).rstrip("/") or "/tmp"
    good = re.fullmatch(r"[A-Za-z0-9][\w.-]*|[0-9a-fA-F:]+(%\w+)?", host) and re.fullmatch(r"([A-Za-z0-9_][\w.-]*)?", user)
    if not good or parts.query or parts.fragment or parts.password or "\n" in folder or "\0" in folder:
        raise InputError(f"--device {address!r} is no address", why="a user's and a host's name, a port and a folder are all there is in one",
                         try_="ssh://user@board:22/folder")  # fmt: skip
    return SshDevice(address, f"{user}@{host}" if user else host, port, folder, limit)

"""C compilers: the clang and lld inside the `ziglang` wheel by default, any gcc-like compiler by option."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pith.cache import cache_folder, temporary, tidy
from pith.graph import BuildError, InputError
from pith.graph.errors import disk_full
from pith.targets.base import Target

_ROOM = 4 << 20  # bytes: with less, a library of any network may not fit
OPT_LEVELS = ("-O0", "-O1", "-O2", "-O3", "-Os", "-Oz")  # -Ofast would change results
_COMMON = ("-ffp-contract=off", "-fno-strict-aliasing", "-fno-math-errno", "-fno-builtin", "-fomit-frame-pointer", "-fno-stack-protector")


@dataclass(frozen=True, slots=True)
class Compiler:
    """How to compile one C file and link a shared library. `bundled` is the clang of the wheel."""

    command: tuple[str, ...]
    bundled: bool
    zig: str = ""

    def compile(self, source: Path, output: Path, target: Target, flags: Sequence[str] = (), *, shared: bool = True) -> None:
        """Compile `source` into the object `output`; the working folder is the source's (for `.incbin`).

        shared: for a shared library, which may be loaded anywhere."""
        where = (f"--target={target.triple}", *_bundled_headers()) if self.bundled else ()
        run([*self.command, *where, *target.cflags, f"-std={target.std}", "-ffreestanding", *_COMMON, *(["-fPIC"] if shared and target.hosted else []), *flags,
             "-c", source.name, "-o", str(output.resolve())], source.parent)  # fmt: skip
        if not output.exists():
            raise BuildError(f"{' '.join(self.command)} made no object file", where=source.name, why="it ended without an error",
                             try_="is it a C compiler? leave --cc out to take the bundled one")  # fmt: skip

    def compile_hosted(self, source: Path, output: Path, target: Target, flags: Sequence[str] = ()) -> None:
        """Compile `source`, which needs the headers of the system's C library and of POSIX threads, into the object `output`."""
        where = (f"--target={target.triple}", *_bundled_headers(), *_system_headers(target.triple)) if self.bundled else ()
        run([*self.command, *where, "-std=gnu11", "-fPIC", *flags, "-c", source.name, "-o", str(output.resolve())], source.parent)

    def link_shared(self, objects: Sequence[Path], output: Path, exports: Sequence[str], *, hosted: bool = False) -> None:
        """Link a shared library that needs no other: an undefined symbol is an error, unless it is `hosted`, where the
        process that loads it brings the C library along."""
        script = output.resolve().with_suffix(".map")
        script.write_text("{ global: " + " ".join(f"{e};" for e in exports) + " local: *; };\n")
        files = [str(o.resolve()) for o in objects]
        common = ["-shared", "-o", str(output.resolve())]
        if self.bundled:
            run(
                [
                    self.zig,
                    "ld.lld",
                    *common,
                    f"--version-script={script}",
                    "-z",
                    "undefs" if hosted else "defs",
                    "--gc-sections",
                    "-s",
                    *files,
                ],
                output.parent,
            )
        else:
            own = ["-pthread"] if hosted else ["-nostdlib", "-Wl,-z,defs"]
            run([*self.command, *common, *own, f"-Wl,--version-script={script}", "-s", *files], output.parent)
        script.unlink()

    def link_program(self, objects: Sequence[Path], output: Path, options: Sequence[str] = ()) -> None:
        """Link a program that needs no library and starts at _start; its symbols stay."""
        own = [self.zig, "ld.lld", "-static"] if self.bundled else [*self.command, "-static", "-nostdlib"]
        run([*own, *options, "-o", str(output.resolve()), *(str(o.resolve()) for o in objects)], output.parent)


    def link_firmware(self, objects: Sequence[Path], output: Path, script: Path, entries: Path | None = None) -> None:
        """Link a program that is alone on its machine, its memories laid out by the linker `script`; what nobody calls is left out.

        entries: an object to be made with the addresses of its entries from the other world of TrustZone."""
        files = [str(o.resolve()) for o in objects]
        made = ["--cmse-implib", f"--out-implib={entries.resolve()}"] if entries else []
        if self.bundled:
            run([self.zig, "ld.lld", "-T", str(script.resolve()), "--gc-sections", *made, *files, "-o", str(output.resolve())], output.parent)
        else:
            own = ["-nostdlib", f"-Wl,-T,{script.resolve()}", "-Wl,--gc-sections", *(f"-Wl,{m}" for m in made)]
            run([*self.command, *own, *files, "-o", str(output.resolve())], output.parent)


def runtime_archive(target: Target) -> Path:
    """An archive of what the compiler calls for arithmetic that the processor has no instruction for (numbers of 64 bits on
    32-bit Arm, double precision): compiler_rt of the wheel, built once for each kind of processor and kept in the cache."""
    folder = (cache_folder() or Path(tempfile.gettempdir())) / "runtime"
    archive = folder / f"{version('ziglang')}-{target.zig_cpu}.a"
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        tidy(folder)
        with tempfile.TemporaryDirectory(dir=folder, prefix=temporary("runtime")) as work:
            made = Path(work) / "rt.a"
            root, abi = _ziglang(), target.triple.rpartition("-")[2].removeprefix("gnu")
            kind = ("arm", "-fPIC") if target.hosted else ("thumb",)
            run([str(root / "zig"), "build-lib", str(root / "lib" / "compiler_rt.zig"), "-target", f"{kind[0]}-freestanding-{abi}", f"-mcpu={target.zig_cpu}",
                 *kind[1:], "-OReleaseSmall", "-ffunction-sections", "-fdata-sections", f"-femit-bin={made}"],
                Path(work))  # fmt: skip
            os.replace(made, archive)
    return archive


def _bundled_headers() -> tuple[str, ...]:
    return ("-nostdinc", "-isystem", str(_ziglang() / "lib" / "include"))


def _system_headers(triple: str) -> tuple[str, ...]:
    """Options for the headers of glibc and Linux inside the wheel."""
    architecture, system, abi = triple.split("-")
    root = _ziglang() / "lib" / "libc" / "include"
    family = architecture.replace("x86_64", "x86")  # the wheel has one folder for both
    folders = (f"{family}-{system}-{abi}", f"generic-{'musl' if abi == 'musl' else 'glibc'}", f"{family}-{system}-any", f"any-{system}-any")
    found = [str(root / f) for f in folders if (root / f).is_dir()]
    return (*(word for f in found for word in ("-isystem", f)), "-D__GLIBC_MINOR__=17")


def _ziglang() -> Path:
    spec = importlib.util.find_spec("ziglang")
    if spec is None or spec.origin is None:
        raise BuildError("the bundled compiler is missing", why="the Python package ziglang is not installed",
                         try_="pip install ziglang, or choose a compiler with --cc gcc")  # fmt: skip
    return Path(spec.origin).parent


def check_opt(opt: str) -> None:
    """Raise InputError for what is no optimisation level."""
    if opt not in OPT_LEVELS:
        raise InputError(f"no optimisation level {opt!r}", try_="one of: " + " ".join(OPT_LEVELS))


def find_compiler(cc: str | None = None) -> Compiler:
    """The compiler `cc` (a command such as gcc or "ccache clang"), or the bundled clang.

    Raises BuildError when it cannot be found.
    """
    if cc is None:
        zig = str(_ziglang() / "zig")
        return Compiler((zig, "clang"), True, zig)
    words = tuple(cc.split())
    if not words or shutil.which(words[0]) is None:
        raise BuildError(
            f"compiler {cc!r} was not found", try_="give the command of an installed gcc or clang, or leave --cc out"
        )
    return Compiler(words, False)


def compiler_version(cc: str | None) -> list[str]:
    """What tells one compiler from another: its path and what it says of itself; the package's version for the bundled one."""
    if cc is None:
        return ["ziglang", version("ziglang")]
    compiler = find_compiler(cc)
    return [str(shutil.which(compiler.command[0])), cc, run([*compiler.command, "--version"], Path.cwd())]


def run(command: Sequence[str], folder: Path) -> str:
    """Run a tool; its messages become a BuildError when it fails."""
    env = {**os.environ, "LC_ALL": "C", "ZIG_GLOBAL_CACHE_DIR": str(folder), "ZIG_LOCAL_CACHE_DIR": str(folder)}
    try:
        done = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError as e:
        raise BuildError(f"could not start {command[0]}", why=str(e)) from e
    if done.returncode:
        raise _failure(Path(command[0]).name, done.returncode, (done.stderr or done.stdout).strip(), folder)
    return done.stdout


def _failure(tool: str, code: int, message: str, folder: Path) -> BuildError:
    """Why a tool that worked in `folder` ended with `code`, and what it said. On a full disk some say so, and some die of a file that they
    write as memory."""
    try:
        room = shutil.disk_usage(folder).free
    except OSError:
        room = _ROOM
    if "No space left" in message or (-code in (signal.SIGBUS, signal.SIGABRT) and room < _ROOM):
        line = next((s.strip() for s in message.splitlines() if "No space left" in s), f"{tool} could not write; {room >> 10} KiB are left")
        return disk_full(str(folder), line)
    why = message if len(message) < 3000 else message[:2900] + "\n..."
    if code < 0:
        return BuildError(f"{tool} was ended by {_signal(-code)}", where=str(folder), why=why or "it said nothing",
                          try_="is there memory enough? it may also be a bug of the compiler: --cc gcc takes another")  # fmt: skip
    return BuildError(f"{tool} failed (exit code {code})", where=str(folder), why=why)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

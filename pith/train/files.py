"""Files of a training: each is whole or not there."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from pith.graph.errors import BuildError


def first_line(error: BaseException) -> str:
    """Of what an error says; its kind if it says nothing."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


@contextlib.contextmanager
def placed(path: Path) -> Iterator[Path]:
    """Where to write, beside `path`: a file that takes its place when the block ends well. Of one that does not, nothing stays.

    Raises BuildError for what cannot be written, with the system's reason.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield part
        os.replace(part, path)
    except (OSError, RuntimeError) as error:  # RuntimeError: PyTorch's, in whose context the system's may be
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, OSError):
            cause = cause.__cause__ or cause.__context__
        full = cause is not None and cause.errno in (errno.ENOSPC, errno.EDQUOT)
        why = (cause.strerror if cause else None) or first_line(error)
        what, mend = ("the disk is full", "free space") if full else ("a file of the training cannot be written", "mend that")
        raise BuildError(what, where=str(path), why=why, try_=f"{mend}; a training goes on with --resume, its checkpoints are whole") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)

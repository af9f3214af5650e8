"""The command `pith`, which is `python -m pith` too."""

import os
import signal
import sys


def main() -> None:
    """Entry point: `pith.cli.main`, which takes a moment to load. Ctrl-C is as quiet then as later."""
    heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not where whoever started this has it ignored
    try:
        if heard:
            signal.signal(signal.SIGINT, lambda number, frame: os._exit(130))  # nothing is begun yet; an exception might not get through imports
        from pith.cli.main import main as command

        if heard:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        command()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()

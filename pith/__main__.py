"""`python -m pith` is the command `pith`."""

from pith.cli.main import main

main()

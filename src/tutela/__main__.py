"""Run the command line as `python -m tutela`."""

from tutela.cli import main

main()

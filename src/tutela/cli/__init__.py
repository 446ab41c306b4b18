"""The command line: parse, call, print."""

from tutela.cli.app import main

__all__ = ["main"]

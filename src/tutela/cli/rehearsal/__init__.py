"""`tutela rehearse`: a benign case through the operator's own settings, against simulators."""

from tutela.cli.rehearsal.command import add_to

__all__ = ["add_to"]

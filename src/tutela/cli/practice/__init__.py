"""`tutela practice`: the whole console on benign pictures, with a key to what is right."""

from tutela.cli.practice.command import add_to

__all__ = ["add_to"]

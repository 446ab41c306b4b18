"""`tutela demo`: the whole main job with benign pictures and simulated counterparties."""

from tutela.cli.demo.command import add_to

__all__ = ["add_to"]

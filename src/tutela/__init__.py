"""Tutela finds known abusive material, holds it, seals the evidence and refers it."""

__version__ = "0.1.0"

"""Tutela finds known abusive material, holds it, seals the evidence and refers it."""

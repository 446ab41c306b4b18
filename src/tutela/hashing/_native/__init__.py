"""Compiled kernels: PDQ. Absent where there was no compiler (tutela.hashing.kernels)."""

"""Compiled kernels: radius search. Absent where there was no compiler (tutela.hashing.kernels)."""

"""Hostile bytes for every parser: one target a file, run by coverage, by hypothesis, or by hand."""

"""Measures over what is on record."""

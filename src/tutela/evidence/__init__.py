"""Sealed bytes, their keys, and the record of every opening."""

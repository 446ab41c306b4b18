"""Matching: what is listed is found again, exactly or within a radius."""

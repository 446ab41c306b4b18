"""Alarms: what has gone silent, late or wrong, found by looking, until a person has seen it."""

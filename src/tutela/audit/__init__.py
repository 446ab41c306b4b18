"""The tamper-evident record of every change."""

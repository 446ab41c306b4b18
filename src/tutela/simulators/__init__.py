"""Simulated counterparties: they can refuse, lie, stall and crash. They import nothing of Tutela."""

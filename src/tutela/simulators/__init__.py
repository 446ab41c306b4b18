"""Simulated counterparties: they refuse, lie, stall and crash. They import nothing of Tutela."""

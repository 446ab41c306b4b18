"""A platform's work: take in, screen, decide, order, refer."""

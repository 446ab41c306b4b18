"""Digests and perceptual hashes of what comes in."""

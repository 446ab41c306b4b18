"""What comes in: items, their pixels, and where they stand at the host platform."""

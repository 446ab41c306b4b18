"""Hash lists: what others have listed, where it came from, and keeping it."""

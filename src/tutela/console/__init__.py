"""The console: where people decide, and see the least that deciding needs."""

"""One parser each: `seeds()` draws whole inputs by code, `run(data)` reads hostile ones."""

"""Who must report what, to whom, by when, and what to keep: law as data, and how it is applied."""

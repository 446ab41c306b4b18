"""What a person decides: items grouped by account and likeness, and how they are looked at."""

"""What a person found and what follows from it."""

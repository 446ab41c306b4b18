"""What leaves for an authority: drafted, approved, filed once."""

"""Who may do what: people, machines, their proofs and their permissions."""

"""Where things rest: the database, objects, and duties owed to the outside."""

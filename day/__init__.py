"""What a point still owes on a day, concluded in one place from the facts of now."""

"""What the tests stand on: rows, fixtures of the machine, kept outcomes."""

"""The command-line client of a station: it forms journals, sends them, and checks every file of the exam day."""

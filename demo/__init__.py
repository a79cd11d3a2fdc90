"""A whole exam day from outside: drawn, filled, damaged and played through the doors its users have."""

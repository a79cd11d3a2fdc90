"""Figures beside their limits: ``python -m benchmarks [name …]``."""

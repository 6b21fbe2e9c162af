"""Comparisons with the reference implementations: `python -m parity.golden` and `python -m parity.compare`."""

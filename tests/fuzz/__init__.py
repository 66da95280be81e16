"""Damaged files for every reader; `python -m tests.fuzz` reads them for as long as it is told."""

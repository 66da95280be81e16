"""Slow work kept off the GUI thread."""

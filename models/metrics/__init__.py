"""Errors and what they are divided by, scores, and distances between surfaces."""

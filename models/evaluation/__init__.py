"""Evaluation protocols; run as `python -m models.evaluation`."""

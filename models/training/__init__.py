"""Training recipes and loops; run as `python -m models.training`."""

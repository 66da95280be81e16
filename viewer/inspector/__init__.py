"""One vertex looked at closely."""

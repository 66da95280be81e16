"""Where the panels are looked at from, and the standard views."""

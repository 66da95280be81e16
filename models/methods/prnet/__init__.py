"""PRNet: a position map over the face's chart."""

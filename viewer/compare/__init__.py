"""Two answers side by side: pinned, wiped over each other, and how they differ."""

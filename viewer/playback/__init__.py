"""The source: its frames played, stepped through and gone back to."""

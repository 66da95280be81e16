"""The command line: what it understands, and the commands that need no window."""

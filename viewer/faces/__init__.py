"""Where the faces are, and which of them is shown."""

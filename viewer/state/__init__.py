"""What the window shows, as frozen values; the store alone changes."""

"""Occluders laid on the photo by hand, and trials of what they do to the answer."""

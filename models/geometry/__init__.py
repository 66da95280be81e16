"""Rotations and similarities, squares of a photo, warps, and the 68 landmarks."""

"""Presenting to people who look on: full screen, large captions, one step after another."""

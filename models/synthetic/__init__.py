"""Synthetic faces with exact labels, each a function of a seed and an index."""

"""Failure mining: many pictures answered in the background, as a table to sort, filter, plot and mark."""

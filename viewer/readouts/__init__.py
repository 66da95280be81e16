"""Pure functions from the state to what is said about it."""

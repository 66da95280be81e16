"""What was done last, taken back and done again."""

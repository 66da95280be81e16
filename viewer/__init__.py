"""The desktop window: what each branch of a face alignment method saw, side by side."""

"""The truth about the frame shown, and how far the answer is from it."""

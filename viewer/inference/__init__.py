"""What is asked of the methods and comes back, and all that works on it away from the window."""

"""3DDFA-V2: pose and coefficients regressed from a square."""

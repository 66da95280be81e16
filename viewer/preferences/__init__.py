"""What outlives a session and is chosen in one place: where methods run, who answers, the theme."""

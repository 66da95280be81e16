"""What can be taken along: files of the answer, a picture of the window."""

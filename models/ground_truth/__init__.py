"""What is known to be true of a photo: the record and the files it is read from."""

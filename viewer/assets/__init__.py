"""Files that methods need: said, fetched and added, by command and in a dialog."""

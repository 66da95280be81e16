"""One folder per face alignment method: where it looks, how it decodes, its files, how it is opened."""

"""One file per face alignment method: where it looks, how it decodes, its conventions."""

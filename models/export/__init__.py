"""Files others can open: tables, meshes and pictures of what a method answered."""

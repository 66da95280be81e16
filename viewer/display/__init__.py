"""What is drawn of an answer, and how: layers, colours, overlays."""

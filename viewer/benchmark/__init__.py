"""What the window promises about speed, measured: redraws against pyqtgraph's mesh item, and the start."""

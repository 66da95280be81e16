"""Parts of the window that know nothing of faces: theme, dialogs, rows, small widgets."""

"""The frame around the panels: menus, actions, palette, banner, status, log."""

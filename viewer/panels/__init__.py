"""GL panels: one space, one camera, its layers."""

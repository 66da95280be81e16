"""Faces followed from frame to frame: boxes, identity, motion and smoothing."""

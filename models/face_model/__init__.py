"""Morphable face models: coefficients to vertices, and vertices to UV position maps and back."""

"""How much a unit of length is."""

from __future__ import annotations

MM_PER_UNIT = 100.0
"""Of the shapes that our own networks tell."""
MM_PER_DECIMETRE = 100.0
"""Of the base mesh that the face model and what is drawn around it come from."""

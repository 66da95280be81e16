"""How an answer changes while an occluder is swept over the face, or the box is moved a little."""

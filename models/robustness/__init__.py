"""How an answer changes while a cover is swept over the face, or the box is moved a little."""

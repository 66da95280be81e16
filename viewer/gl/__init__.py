"""OpenGL items: static indices, streamed attributes, shader modes chosen by a uniform."""

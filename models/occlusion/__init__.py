"""Things that hide part of a photo: drawn, laid on it, swept over it. numpy and OpenCV alone."""

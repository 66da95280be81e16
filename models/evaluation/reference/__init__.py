"""The published computations written down plainly, as the originals run them: to be measured against."""

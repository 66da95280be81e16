"""MGCNet: coefficients of a face model from a crop aligned by five points."""

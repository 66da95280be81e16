"""Face alignment under occlusion: face model, networks, methods, and how they are trained and measured."""

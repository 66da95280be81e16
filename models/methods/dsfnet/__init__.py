"""DSFNet: two branches fused, in the compact form and as published."""

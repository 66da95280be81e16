"""Who finds faces: one file each, all behind `models.reconstructor.Detector`."""

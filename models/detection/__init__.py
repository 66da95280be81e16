"""Who finds faces: one file each, all behind `models.reconstructor.Detector`; `detect` asks the usual one."""

from models.detection.detectors import detect

__all__ = ["detect"]

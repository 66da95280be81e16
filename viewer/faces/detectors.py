"""The detectors as a user reads of them. No Qt."""

from __future__ import annotations

DETECTOR_TEXTS = {
    "finder": ("Unmask's own", "Trained on covered faces; needs no download"),
    "finder-research": ("Unmask's own, research", "Trained on photos as well; for research only"),
    "yunet": ("YuNet", "OpenCV's FaceDetectorYN, for comparison"),
    "haar": ("Haar cascades", "OpenCV's classic, frontal and profile, for comparison"),
}
"""Name, as in models.catalogue.DETECTOR_NEEDS -> what menus call it, and what it is."""

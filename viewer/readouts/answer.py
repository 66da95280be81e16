"""What an answer says in numbers and plain sentences: read-outs for inspector and status bar. No Qt."""

from __future__ import annotations

import numpy as np

from models.geometry.arrays import Box
from models.geometry.looking import looking
from models.metrics.errors import box_iou
from models.reconstruction import Alarm, Array, Reconstruction
from models.reconstructor import Face
from viewer.readouts.vertex import Picked, rows, scalar_of
from viewer.state.probe import Probe
from viewer.state.shown import LOST, FoundBy, Search, Shown

NEAR_PX = 1.5
SAME_FACE = 0.15  # IoU from which a box corrects one that is there
TRACKER_LOST = "A face that was followed was lost and looked for anew: this may be another one."


def own_correction_mm(answer: Reconstruction) -> float | None:
    """Mean distance of the fused face from what lies between the branches; None where nobody knows."""
    scalar = scalar_of(answer, "own correction")
    if scalar is None or not np.isfinite(scalar.values).any():
        return None
    return float(np.nanmean(scalar.values)) * (answer.mm_per_px if scalar.unit == "px" else 1.0)


def ms_per_face(shown: Shown) -> float | None:
    """Reconstruction time per face without detection; None without an answer."""
    if not shown.answers:
        return None
    return (shown.elapsed_ms - shown.detection_ms) / len(shown.answers)


def turned(pose_deg: tuple[float, float, float]) -> str:
    """Where the face looks, in words; pose as (pitch, yaw, roll), AFLW2000 convention; see `looking`."""
    aside, up, lean = looking(pose_deg)
    words = [
        _word(aside, "to viewer's left", "to viewer's right"),
        _word(up, "up", "down"),
        _word(lean, "tilted right", "tilted left"),
    ]
    return ", ".join(word for word in words if word) or "straight at the camera"


def nearest_vertex(vertices: Array, x: float, y: float) -> int | None:
    """The vertex a user means by a click: close to it in the picture, and of those the nearest to the camera.

    Args:
        vertices: [N, 3], image px, z towards the camera.
        x: Where the click was, image px.
        y: As x, downwards.

    Returns:
        Its index; None if the click is off the mesh.
    """
    distance = np.hypot(vertices[:, 0] - x, vertices[:, 1] - y)
    closest = float(distance.min(initial=np.inf))
    if closest > _reach_px(vertices):
        return None
    near = np.flatnonzero(distance <= closest + NEAR_PX)
    return int(near[np.argmax(vertices[near, 2])])


def probed(answer: Reconstruction, vertex: int) -> Probe:
    """What is known of one vertex."""
    x, y, z = (float(value) for value in answer.vertices[vertex])
    topology = answer.topology
    region = topology.region_names[int(topology.regions[vertex])] if topology.region_names else ""
    return Probe(vertex, (x, y, z), region, rows(Picked(answer, vertex)))


def _reach_px(vertices: Array) -> float:
    """How far off the mesh a click may land: one in forty of the face's width."""
    return max(2.0, float(np.ptp(vertices[:, 0])) / 40) if len(vertices) else 0.0


def _word(angle_deg: float, positive: str, negative: str) -> str:
    if abs(angle_deg) < 5:
        return ""
    return f"{abs(angle_deg):.0f}° {positive if angle_deg > 0 else negative}"


def face_at(shown: Shown, selected: int, x: float, y: float) -> int | None:
    """The face a point of the photo belongs to; the selected one wins where faces overlap."""
    hit = [
        index
        for index, answer in enumerate(shown.answers)
        if nearest_vertex(answer.vertices, x, y) is not None
    ]
    return selected if selected in hit else next(iter(hit), None)


def face_names(shown: Shown) -> list[str]:
    """What each answered face is called: by its number, which it keeps throughout a video."""
    count = len(shown.answers)
    numbers = [face.identity or i + 1 for i, face in enumerate(shown.faces[:count])]
    if numbers == list(range(1, count + 1)):
        return [f"Face {number} of {count}" for number in numbers]
    return [f"Face {number}" for number in numbers]


def same_face(shown: Shown | None, selected: int, now: Shown) -> int:
    """Where the selected face of a frame is in the next: by its number, else by its place."""
    numbers = [face.identity for face in now.faces]
    known = shown is not None and 0 <= selected < len(shown.faces)
    number = shown.faces[selected].identity if shown is not None and known else None
    if number is not None and number in numbers:
        return numbers.index(number)
    return min(selected, max(len(now.answers) - 1, 0))


def faces_with(shown: Shown | None, box: Box) -> tuple[tuple[Face, ...], int]:
    """The faces of a frame and one in `box`; and its place: that of the face it lies around, else last."""
    faces = [] if shown is None else list(shown.faces)
    overlap = [float(box_iou(np.array(face.box), np.array(box))) for face in faces]
    place = int(np.argmax(overlap)) if overlap and max(overlap) > SAME_FACE else len(faces)
    faces[place : place + 1] = [Face(box)]
    return tuple(faces), place


def clipped_box(box: Box, shape: tuple[int, ...]) -> Box:
    """The part of a box that lies on a picture [H, W, ...], its corners in order."""
    height, width = shape[:2]
    x0, x1 = (min(max(x, -0.5), width - 0.5) for x in sorted((box[0], box[2])))
    y0, y1 = (min(max(y, -0.5), height - 0.5) for y in sorted((box[1], box[3])))
    return x0, y0, x1, y1


def searched(search: Search | None) -> str:
    """How the faces of the frame shown were found, and why they had to be looked for again."""
    if search is None:
        return "–"
    if search.found is not FoundBy.FOLLOWED:
        return f"{search.found.value}: {search.reason}" if search.reason else search.found.value
    frames = f"{search.frames} frame{'' if search.frames == 1 else 's'} ago"
    why = f" ({search.reason})" if search.reason else ""
    return f"{search.found.value}; looked for {frames}{why}"


def alarms_of(shown: Shown | None, answer: Reconstruction | None) -> tuple[Alarm, ...]:
    """What happened silently and must be known: to the answer, and to the face while it was followed."""
    alarms = () if answer is None else answer.alarms
    if shown is None or shown.search is None or shown.search.reason != LOST:
        return alarms
    return (*alarms, Alarm("tracker-lost", TRACKER_LOST))

"""Answers as files: the mesh as PLY or GLB, the whole answer as JSON, a picture of what was seen.

A mesh leaves in right-handed axes: x right, y up, z towards the camera. PLY keeps px: (x, -y, z) of the
picture's file. GLB is in metres, as glTF demands, about the face's own centre; `extras` say how to come back
to px.
How a file is written, and what it may replace, is the business of `outputs`.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from models.catalogue import Provenance
from models.export.answers import SCHEMA
from models.export.outputs import Write, write_whole
from models.geometry.rescaling import AS_SHOWN, moved, moved_box, rescaling
from models.geometry.transforms import vertex_normals
from models.metrics.states import (
    STATE_NAMES,
    landmark_probabilities,
    landmark_states,
    seen_share,
    seen_vertices,
    state_shares,
)
from models.reconstruction import SEEN_ABOVE, Array, Reconstruction, Scalar, Space, State

if TYPE_CHECKING:
    import trimesh

    from models.face_model.whole_head import WholeHead

MESH_SUFFIXES = (".ply", ".glb", ".obj")
UNSEEN_GREY = 128


def write_mesh(
    path: Path,
    answer: Reconstruction,
    image: NDArray[np.uint8] | None = None,
    write: Write = write_whole,
    head: WholeHead | None = None,
    T_file_image: NDArray[np.float64] = AS_SHOWN,
) -> None:
    """The answer's mesh as .ply, .glb or .obj, by the ending of `path`.

    Args:
        path: Where to; its folder is made if need be.
        answer: In IMAGE space.
        image: [H, W, 3] the frame; gives seen vertices its colours. Unseen ones are grey: what no one saw has
            no colour.
        write: Who writes the bytes.
        head: What to put around the face, as context that nobody predicted: in GLB a mesh of its own, in PLY
            vertices after the face's whose `predicted` is 0. None: the face alone, as always in OBJ.
        T_file_image: [3, 3], from px of the frame to px of the picture's file, in which the mesh is written;
            does not turn.

    Raises:
        ValueError: Another ending, a head of another mesh, or an answer still in crop space.
        InputError: The folder cannot be written to.
    """
    if answer.space is not Space.IMAGE:
        raise ValueError("only an answer in image space is exported; see pipeline.back_project")
    suffix = path.suffix.lower()
    if suffix == ".ply":
        data = _ply(answer, image, head, T_file_image)
    elif suffix == ".glb":
        data = _glb(answer, image, head, T_file_image)
    elif suffix == ".obj":
        data = _obj(answer, image, T_file_image)
    else:
        raise ValueError(f"a mesh is written as one of {MESH_SUFFIXES}, not as {suffix!r}")
    write(path, data)


def write_answers(
    path: Path,
    answers: Sequence[Reconstruction],
    image_name: str,
    image_size: tuple[int, int],
    version: str,
    weights: Provenance | None = None,
    write: Write = write_whole,
    file_size: tuple[int, int] | None = None,
) -> None:
    """All answers about one frame as JSON; what the fields mean stands in the file itself.

    Args:
        path: Where to; its folder is made if need be.
        answers: In IMAGE space.
        image_name: What the user calls the frame.
        image_size: (width, height) of the frame the answers are about, px.
        version: Of this program.
        weights: Those the method was loaded with; None where nobody knows.
        write: Who writes the bytes.
        file_size: (width, height) of the picture's file, upright, in whose px boxes, landmarks and sizes are
            written; None if it is `image_size`.

    Raises:
        InputError: The folder cannot be written to.
    """
    T_file_image = rescaling(image_size, file_size or image_size)
    record = {
        "schema": SCHEMA,
        "written_by": f"unmask {version}",
        "weights": None if weights is None else weights_record(weights),
        "image": _image_record(image_name, image_size, file_size or image_size),
        "conventions": {
            "space": "px of the upright file, x right, y down, z towards the camera; "
            "(0, 0) = centre of the top-left pixel",
            "box": "x0, y0, x1, y1, px",
            "landmarks": "68 points (x, y, z) in iBUG order, px",
            "pose_deg": "R = Rx(-pitch) Ry(-yaw) Rz(-roll), y up (AFLW2000)",
            "visible_share": f"share of vertices whose P(seen) is above {SEEN_ABOVE}; null if not known",
            "states": "seen; turned away: hidden by the head itself, or outside the picture; covered: "
            "something lies before it. Seen where P(seen) is above "
            f"{SEEN_ABOVE}, else the likelier of the other two",
            "state_shares": "share of the vertices in each state; null if not known",
            "landmark_states": "of the 68 landmarks: state, and P(seen), P(turned away), P(covered)",
            "likely_error": "mean distance of the landmarks, % of sqrt(width x height) of their box, that is "
            "as often exceeded as not; half of such answers lie in likely_range; null if not known",
        },
        "faces": [answer_record(answer, T_file_image) for answer in answers],
    }
    write(path, (json.dumps(record, indent=1, allow_nan=False) + "\n").encode())


def weights_record(weights: Provenance) -> dict[str, str | None]:
    """Which weights answered and under which terms, as JSON values; null where it is not known."""
    return {
        "name": weights.name,
        "sha256": weights.sha256 or None,
        "licence": weights.licence,
        "origin": weights.origin or None,
    }


def _image_record(name: str, shown: tuple[int, int], file: tuple[int, int]) -> dict[str, Any]:
    record: dict[str, Any] = {"name": name, "width_px": file[0], "height_px": file[1]}
    if shown != file:
        record["answered_at"] = {
            "width_px": shown[0],
            "height_px": shown[1],
            "T_file_answered": rescaling(shown, file).tolist(),
        }
    return record


def answer_record(answer: Reconstruction, T_file_image: NDArray[np.float64] = AS_SHOWN) -> dict[str, Any]:
    """One face as JSON values: plain numbers and strings, null where a number is not finite.

    Args:
        answer: In IMAGE space.
        T_file_image: [3, 3], from px of the frame to px of the picture's file; does not turn.
    """
    grown = float(T_file_image[0, 0])
    box = None if answer.box is None else moved_box(answer.box, T_file_image)
    return {
        "method": answer.method,
        "space": answer.space.value,
        "topology": answer.topology.name,
        "box": box and [_number(edge) for edge in box],
        "pose_deg": dict(zip(("pitch", "yaw", "roll"), map(_number, answer.pose_deg), strict=True)),
        "landmarks": [[_number(value) for value in point] for point in moved(answer.landmarks, T_file_image)],
        "landmark_states": _landmark_record(answer),
        "visible_share": seen_share(answer),
        "state_shares": _named(state_shares(answer)),
        "likely_error": _known(answer.likely_error),
        "likely_range": answer.likely_range and [_number(end) for end in answer.likely_range],
        "mm_per_px": _number(answer.mm_per_px / grown),
        "took_part": list(answer.took_part),
        "left_out": list(answer.left_out),
        "steadied": answer.steadied,
        "alarms": [{"code": alarm.code, "text": alarm.text, "count": alarm.count} for alarm in answer.alarms],
        "scalars": {
            scalar.name: _summary(_in_file_px(scalar, grown), scalar.unit) for scalar in answer.scalars
        },
        "vertex_count": len(answer.vertices),
        "triangle_count": len(answer.topology.triangles),
    }


def write_picture(path: Path, image: NDArray[np.uint8], write: Write = write_whole) -> None:
    """[H, W, 3] RGB as PNG.

    Raises:
        InputError: The folder cannot be written to.
    """
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=3)
    write(path, buffer.getvalue())


def _ply(
    answer: Reconstruction,
    image: NDArray[np.uint8] | None,
    head: WholeHead | None,
    T_file_image: NDArray[np.float64],
) -> bytes:
    from trimesh.exchange.ply import export_ply

    grown = float(T_file_image[0, 0])
    mesh = _mesh(answer, _upright(moved(answer.vertices, T_file_image)), image)
    for scalar in answer.scalars:
        values = _in_file_px(scalar, grown)
        mesh.vertex_attributes[scalar.name.replace(" ", "_")] = np.asarray(values, np.float32)
    if head is not None:
        mesh = _with_head(mesh, head)
    data: bytes = export_ply(mesh, vertex_normal=True)
    notes = (
        f"comment unmask, method {answer.method}\n"
        "comment unit px; x right, y up (minus the image row), z towards the camera\n"
        f"comment millimetres per px {answer.mm_per_px / grown:.6g}\n"
    )
    return data.replace(b"element vertex", notes.encode() + b"element vertex", 1)


def _obj(answer: Reconstruction, image: NDArray[np.uint8] | None, T_file_image: NDArray[np.float64]) -> bytes:
    """As PLY, colours after the positions; what is known of the vertices has no place in it."""
    from trimesh.exchange.obj import export_obj

    mesh = _mesh(answer, _upright(moved(answer.vertices, T_file_image)), image)
    header = (
        f"unmask, method {answer.method}\n# unit px; x right, y up (minus the image row), z to the camera"
    )
    return str(export_obj(mesh, include_normals=True, include_texture=False, header=header)).encode()


def _glb(
    answer: Reconstruction,
    image: NDArray[np.uint8] | None,
    head: WholeHead | None,
    T_file_image: NDArray[np.float64],
) -> bytes:
    from trimesh import Scene
    from trimesh.exchange.gltf import export_glb

    upright = _upright(moved(answer.vertices, T_file_image))
    centre = upright.mean(0)
    metres_per_px = answer.mm_per_px / float(T_file_image[0, 0]) / 1000
    mesh = _mesh(answer, (upright - centre) * metres_per_px, image)
    mesh.metadata.update(
        {
            "method": answer.method,
            "metres_per_px": metres_per_px,
            "centre_px": [float(value) for value in centre],
            "axes": "x right, y up, z to the camera; px = position / metres_per_px + centre_px, row = -y",
            "took_part": list(answer.took_part),
            "left_out": list(answer.left_out),
            "steadied": answer.steadied,
            "state_shares": _named(state_shares(answer)),
            "likely_error_percent": _known(answer.likely_error),
            "alarms": [alarm.code for alarm in answer.alarms],
        }
    )
    meshes = {"face": mesh}
    if head is not None:
        meshes["head, not predicted"] = _surrounding(mesh, head)
    return bytes(export_glb(Scene(meshes), include_normals=True))


def _surrounding(face: trimesh.Trimesh, head: WholeHead) -> trimesh.Trimesh:
    """The rest of a head around a face: its own vertices after the face's, grey."""
    import trimesh

    if len(face.vertices) != len(head.topology.uv):
        raise ValueError("this mesh has no head")
    vertices = np.concatenate([face.vertices, head.around(np.asarray(face.vertices, np.float32))])
    grey = np.full((len(vertices), 4), (UNSEEN_GREY, UNSEEN_GREY, UNSEEN_GREY, 255), np.uint8)
    return trimesh.Trimesh(vertices, head.triangles, vertex_colors=grey, process=False, validate=False)


def _with_head(face: trimesh.Trimesh, head: WholeHead) -> trimesh.Trimesh:
    """Face and head as one mesh; what is said of the face's vertices is unknown of the others."""
    import trimesh

    rest, count = _surrounding(face, head), len(face.vertices)
    colours = np.concatenate([face.visual.vertex_colors, rest.visual.vertex_colors[count:]])
    mesh = trimesh.Trimesh(
        rest.vertices, head.all_triangles, vertex_colors=colours, process=False, validate=False
    )
    unknown = np.full(len(mesh.vertices) - count, np.nan, np.float32)
    for name, values in face.vertex_attributes.items():
        mesh.vertex_attributes[name] = np.concatenate([values, unknown])
    mesh.vertex_attributes["predicted"] = (np.arange(len(mesh.vertices)) < count).astype(np.uint8)
    return mesh


def _mesh(
    answer: Reconstruction, vertices: NDArray[np.floating[Any]], image: NDArray[np.uint8] | None
) -> trimesh.Trimesh:
    import trimesh  # here, not above: it is slow to load, and only a mesh that leaves needs it

    triangles = np.array(answer.topology.triangles)
    normals = vertex_normals(
        torch.from_numpy(np.asarray(vertices, np.float32))[None], torch.from_numpy(triangles).long()
    )[0].numpy()
    colours = None if image is None else _colours(answer, image)
    return trimesh.Trimesh(
        vertices, triangles, vertex_normals=normals, vertex_colors=colours, process=False, validate=False
    )


def _in_file_px(scalar: Scalar, grown: float) -> Array:
    return scalar.values * np.float32(grown) if scalar.unit == "px" else scalar.values


def _upright(vertices: NDArray[np.floating]) -> NDArray[np.float64]:
    """Image space to right-handed axes with y up."""
    return vertices.astype(np.float64) * (1, -1, 1)


def _colours(answer: Reconstruction, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """[N, 4] RGBA: the photo at each vertex that was seen and lies in it, grey elsewhere."""
    x, y = answer.vertices[:, 0], answer.vertices[:, 1]
    height, width = image.shape[:2]
    with np.errstate(invalid="ignore"):
        inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    seen = seen_vertices(answer)
    known = inside if seen is None else inside & seen
    colours = np.full((len(x), 4), (UNSEEN_GREY, UNSEEN_GREY, UNSEEN_GREY, 255), np.uint8)
    colours[known, :3] = _sampled(image, x[known], y[known])
    return colours


def _sampled(image: NDArray[np.uint8], x: Array, y: Array) -> NDArray[np.uint8]:
    """[P, 3]: bilinear between pixel centres, the outermost half pixel repeats the border."""
    height, width = image.shape[:2]
    x, y = x.clip(0, width - 1), y.clip(0, height - 1)
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
    a, b = (x - x0)[:, None], (y - y0)[:, None]
    top = image[y0, x0] * (1 - a) + image[y0, x1] * a
    bottom = image[y1, x0] * (1 - a) + image[y1, x1] * a
    return np.rint(top * (1 - b) + bottom * b).astype(np.uint8)


def _summary(values: Array, unit: str) -> dict[str, Any]:
    known = values[np.isfinite(values)]
    return {
        "unit": unit,
        "known_share": _number(known.size / values.size) if values.size else None,
        "mean": _number(known.mean()) if known.size else None,
        "median": _number(np.median(known)) if known.size else None,
        "max": _number(known.max()) if known.size else None,
    }


def _named(shares: dict[State, float] | None) -> dict[str, float] | None:
    return None if shares is None else {STATE_NAMES[state]: share for state, share in shares.items()}


def _landmark_record(answer: Reconstruction) -> list[dict[str, Any]] | None:
    states, probabilities = landmark_states(answer), landmark_probabilities(answer)
    if states is None or probabilities is None:
        return None
    return [
        {"state": STATE_NAMES[State(int(state))], "probabilities": [_number(value) for value in row]}
        for state, row in zip(states, probabilities, strict=True)
    ]


def _known(value: float | None) -> float | None:
    return None if value is None else _number(value)


def _number(value: Any) -> float | None:
    number = float(value)
    return round(number, 5) if math.isfinite(number) else None

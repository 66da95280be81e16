"""A surface of an answer as PLY, GLB or OBJ, with the photo where it was seen and grey where it was not.

A mesh leaves in right-handed axes: x right, y up, z towards the camera. PLY and OBJ keep px: (x, -y, z) of
the picture's file. GLB is in metres, as glTF demands, about the face's own centre; `extras` lead back to px.
GLB and OBJ carry a texture (see `maps.ChartMaps`), PLY a colour a vertex; PLY and GLB also every scalar.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.export.maps import png, texture_of
from models.export.outputs import Write, write_whole
from models.export.surface import UNSEEN_GREY, in_file_px, normals_of, surface_of, vertex_colours
from models.geometry.arrays import Doubles, Photo
from models.geometry.rescaling import AS_SHOWN
from models.metrics.states import STATE_NAMES, state_shares
from models.reconstruction import FUSED, Array, MeshLayer, Reconstruction

if TYPE_CHECKING:
    import trimesh

    from models.face_model.whole_head import WholeHead

MESH_SUFFIXES = (".ply", ".glb", ".obj")
UNKNOWN = -1.0  # in GLB, which has no word for a number that is not known
TEXTURE_ENDING, MATERIAL = "-texture.png", "face"


def write_mesh(
    path: Path,
    answer: Reconstruction,
    image: Photo | None = None,
    write: Write = write_whole,
    head: WholeHead | None = None,
    name: str = FUSED,
    T_file_image: Doubles = AS_SHOWN,
) -> None:
    """A surface of the answer as .ply, .glb or .obj, by the ending of `path`; see `mesh_files`.

    Args:
        path: Where to; its folder is made if need be. What belongs to an OBJ is written beside it.
        answer: In IMAGE space.
        image: [H, W, 3] the frame.
        write: Who writes the bytes.
        head: What to put around the face.
        name: Which surface.
        T_file_image: [3, 3], from px of the frame to px of the picture's file, in which the mesh is written;
            does not turn.

    Raises:
        ValueError: As `mesh_files`.
        InputError: The folder cannot be written to.
    """
    stem = path.name[: -len(path.suffix)]
    for ending, data in mesh_files(path.suffix, answer, image, head, name, stem, T_file_image).items():
        write(path if ending == path.suffix.lower() else path.with_name(stem + ending), data)


def mesh_files(
    suffix: str,
    answer: Reconstruction,
    image: Photo | None = None,
    head: WholeHead | None = None,
    name: str = FUSED,
    stem: str = "face",
    T_file_image: Doubles = AS_SHOWN,
) -> dict[str, bytes]:
    """Name's ending -> file; more than one for an OBJ, which comes with its material and texture.

    Args:
        suffix: One of MESH_SUFFIXES, in any case.
        answer: In IMAGE space.
        image: [H, W, 3] the frame: texture or colours; what no one saw has no colour. None: no colours.
        head: What to put around the face, as context that nobody predicted: in GLB and OBJ a mesh of its own,
            in PLY vertices after the face's whose `predicted` is 0. None: the face alone.
        name: Which surface: a branch, or another mesh of the answer.
        stem: Beginning of the names of the files an OBJ refers to.
        T_file_image: As in `write_mesh`.

    Raises:
        ValueError: Another ending, a head of another mesh, no such surface, or an answer still in crop space.
    """
    shown = surface_of(answer, name)
    told = in_file_px(answer, T_file_image)
    surface = surface_of(told, name)
    match suffix.lower():
        case ".ply":
            return {
                ".ply": _ply(surface, told, None if image is None else vertex_colours(shown, image), head)
            }
        case ".glb":
            return {".glb": _glb(surface, told, _texture(shown, image), head)}
        case ".obj":
            return _obj(surface, told, _texture(shown, image), head, stem)
    raise ValueError(f"a mesh is written as one of {MESH_SUFFIXES}, not as {suffix!r}")


def _texture(surface: MeshLayer, image: Photo | None) -> Photo | None:
    return None if image is None or surface.uv is None else texture_of(surface, image)


def _ply(surface: MeshLayer, answer: Reconstruction, colours: Photo | None, head: WholeHead | None) -> bytes:
    from trimesh.exchange.ply import export_ply

    mesh = _mesh(surface, _upright(surface.vertices))
    if colours is not None:
        mesh.visual.vertex_colors = _opaque(colours)
    for scalar in surface.scalars:
        mesh.vertex_attributes[scalar.name.replace(" ", "_")] = np.asarray(scalar.values, np.float32)
    if head is not None:
        mesh = _with_head(mesh, head)
    data: bytes = export_ply(mesh, vertex_normal=True)
    notes = (
        f"comment unmask, method {answer.method}, {surface.name}\n"
        "comment unit px; x right, y up (minus the image row), z towards the camera\n"
        f"comment millimetres per px {answer.mm_per_px:.6g}\n"
    )
    return data.replace(b"element vertex", notes.encode() + b"element vertex", 1)


def _glb(surface: MeshLayer, answer: Reconstruction, texture: Photo | None, head: WholeHead | None) -> bytes:
    from trimesh import Scene
    from trimesh.exchange.gltf import export_glb

    upright = _upright(surface.vertices)
    centre = upright.mean(0)
    metres_per_px = answer.mm_per_px / 1000
    mesh = _mesh(surface, (upright - centre) * metres_per_px)
    for scalar in surface.scalars:
        mesh.vertex_attributes[_attribute(scalar.name)] = np.nan_to_num(scalar.values, nan=UNKNOWN)
    mesh.metadata.update(
        {
            "method": answer.method,
            "surface": surface.name,
            "metres_per_px": metres_per_px,
            "centre_px": [float(value) for value in centre],
            "axes": "x right, y up, z to the camera; px = position / metres_per_px + centre_px, row = -y",
            "took_part": list(answer.took_part),
            "left_out": list(answer.left_out),
            "steadied": answer.steadied,
            "state_shares": _shares(answer),
            "likely_error_percent": _finite(answer.likely_error),
            "alarms": [alarm.code for alarm in answer.alarms],
            "unknown": UNKNOWN,
            "texture": "the photo where the face was seen; grey: turned away; striped: covered",
        }
    )
    around = None if head is None else _surrounding(mesh, head)
    if texture is not None:
        mesh.visual = _textured(surface, texture)
    meshes = {"face": mesh} if around is None else {"face": mesh, "head, not predicted": around}
    return bytes(export_glb(Scene(meshes), include_normals=True))


def _textured(surface: MeshLayer, texture: Photo) -> Any:
    """The photo over the chart, without light or gloss of its own."""
    from PIL import Image
    from trimesh.visual import TextureVisuals
    from trimesh.visual.material import PBRMaterial

    material = PBRMaterial(
        name=MATERIAL,
        baseColorTexture=Image.fromarray(texture),
        metallicFactor=0.0,
        roughnessFactor=1.0,
        doubleSided=True,
    )
    return TextureVisuals(uv=_v_up(surface), material=material)


def _obj(
    surface: MeshLayer, answer: Reconstruction, texture: Photo | None, head: WholeHead | None, stem: str
) -> dict[str, bytes]:
    mesh = _mesh(surface, _upright(surface.vertices))
    lines = [
        f"# unmask, method {answer.method}, {surface.name}",
        "# unit px; x right, y up (minus the image row), z towards the camera",
        f"# millimetres per px {answer.mm_per_px:.6g}",
        f"mtllib {stem}.mtl",
        "o face",
        *_rows("v", mesh.vertices),
        *([] if surface.uv is None else _rows("vt", _v_up(surface))),
        *_rows("vn", mesh.vertex_normals),
        f"usemtl {MATERIAL}",
        *_corners(surface.triangles, textured=surface.uv is not None),
    ]
    if head is not None:
        count, rest = len(surface.vertices), _surrounding(mesh, head)
        lines += [*_rows("v", rest.vertices[count:]), "o head_not_predicted", "usemtl not_predicted"]
        lines += [f"f {a} {b} {c}" for a, b, c in (rest.faces + 1).tolist()]
    files = {".obj": ("\n".join(lines) + "\n").encode()}
    files[".mtl"] = _materials(None if texture is None else stem).encode()
    if texture is not None:
        files[TEXTURE_ENDING] = png(texture)
    return files


def _materials(stem: str | None) -> str:
    """Of the face, with the texture of that beginning, and of what nobody predicted."""
    grey = " ".join([f"{UNSEEN_GREY / 255:.4f}"] * 3)
    picture = f"Kd 1 1 1\nmap_Kd {stem}{TEXTURE_ENDING}" if stem is not None else f"Kd {grey}"
    return (
        f"newmtl {MATERIAL}\nKa 0 0 0\nKs 0 0 0\nillum 1\n{picture}\n\n"
        f"newmtl not_predicted\nKa 0 0 0\nKs 0 0 0\nillum 1\nKd {grey}\n"
    )


def _rows(word: str, values: NDArray[np.floating[Any]]) -> list[str]:
    return [f"{word} " + " ".join(f"{value:.7g}" for value in row) for row in np.asarray(values).tolist()]


def _corners(triangles: NDArray[np.int32], textured: bool) -> list[str]:
    """Triangles whose vertex, place on the chart and normal have one number."""
    form = "f {0}/{0}/{0} {1}/{1}/{1} {2}/{2}/{2}" if textured else "f {0}//{0} {1}//{1} {2}//{2}"
    return [form.format(*row) for row in (triangles + 1).tolist()]


def _surrounding(face: trimesh.Trimesh, head: WholeHead) -> trimesh.Trimesh:
    """The rest of a head around a face: its own vertices after the face's, grey."""
    import trimesh

    if len(face.vertices) != len(head.topology.uv):
        raise ValueError("this mesh has no head")
    vertices = np.concatenate([face.vertices, head.around(np.asarray(face.vertices, np.float32))])
    grey = np.full((len(vertices), 3), UNSEEN_GREY, np.uint8)
    return trimesh.Trimesh(
        vertices, head.triangles, vertex_colors=_opaque(grey), process=False, validate=False
    )


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


def _mesh(surface: MeshLayer, vertices: NDArray[np.floating[Any]]) -> trimesh.Trimesh:
    import trimesh  # here, not above: it is slow to load, and only a mesh that leaves needs it

    return trimesh.Trimesh(
        vertices,
        np.array(surface.triangles),
        vertex_normals=normals_of(surface),
        process=False,
        validate=False,
    )


def _upright(vertices: Array) -> NDArray[np.float64]:
    """Image space to right-handed axes with y up."""
    return vertices.astype(np.float64) * (1, -1, 1)


def _v_up(surface: MeshLayer) -> NDArray[np.float64]:
    """Places on the chart as OBJ counts them, from the lower left."""
    assert surface.uv is not None
    return np.stack([surface.uv[:, 0], 1 - surface.uv[:, 1].astype(np.float64)], 1)


def _opaque(colours: Photo) -> NDArray[np.uint8]:
    return np.concatenate([colours, np.full((len(colours), 1), 255, np.uint8)], 1)


def _attribute(name: str) -> str:
    """As glTF asks of attributes it does not know."""
    return f"_{name.replace(' ', '_').replace('-', '_').upper()}"


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None


def _shares(answer: Reconstruction) -> dict[str, float] | None:
    shares = state_shares(answer)
    return None if shares is None else {STATE_NAMES[state]: share for state, share in shares.items()}

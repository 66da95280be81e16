import pytest
import torch

from models.face_model.morphable import FaceModel
from models.loading import load_face_model
from models.synthetic.camera import project
from models.synthetic.dataset import FaceBatch, batch
from models.training.augment import mirrored, vary_colours


@pytest.fixture(scope="module")
def rendered() -> FaceBatch:
    return batch(7, range(4))


def test_the_mirrored_parameters_describe_the_mirrored_faces(rendered):
    face_model = load_face_model()

    def crop_points(faces: FaceBatch) -> torch.Tensor:
        shape = face_model.vertices(faces.identity, faces.expression)
        return project(shape, faces.rotation, faces.camera)

    there = crop_points(rendered)[:, torch.tensor(face_model.topology.mirror).long()]
    there[..., 0] = 127 - there[..., 0]
    torch.testing.assert_close(crop_points(mirrored(rendered, face_model)), there, atol=0.02, rtol=0)


def test_the_mirrored_chart_map_still_points_at_the_pixel(rendered):
    """A cell's label read off the chart, carried to the picture by the parameters, is the cell itself."""
    face_model = load_face_model()
    plain, turned = (chart_error(faces, face_model) for faces in (rendered, mirrored(rendered, face_model)))
    assert plain < 1.5  # px; about half the distance of neighbouring vertices
    assert turned == pytest.approx(plain, rel=0.05)


def chart_error(faces: FaceBatch, face_model: FaceModel) -> float:
    """Mean distance in px of cells to the vertices their labels name."""
    points = project(face_model.vertices(faces.identity, faces.expression), faces.rotation, faces.camera)
    uv = torch.tensor(face_model.topology.uv)
    apart = []
    for b in range(len(faces)):
        rows, columns = torch.nonzero(faces.mask[b], as_tuple=True)
        named = torch.cdist(faces.uv[b, :, rows, columns].float().T, uv).argmin(1)
        cells = torch.stack((2 * columns + 0.5, 2 * rows + 0.5), 1)
        apart.append((points[b, named, :2] - cells).norm(dim=1))
    return float(torch.cat(apart).mean())


def test_two_mirrors_are_none(rendered):
    face_model = load_face_model()
    twice = mirrored(mirrored(rendered, face_model), face_model)
    assert torch.equal(twice.images, rendered.images)
    torch.testing.assert_close(twice.identity, rendered.identity)
    torch.testing.assert_close(twice.uv, rendered.uv, atol=1e-3, rtol=0)
    assert torch.equal(twice.visibility, rendered.visibility)


def test_colours_vary_but_stay_colours(rendered):
    torch.manual_seed(0)
    varied = vary_colours(rendered.images)
    assert varied.shape == rendered.images.shape
    assert float(varied.min()) >= 0
    assert float(varied.max()) <= 255
    assert float((varied - rendered.images).abs().mean()) > 2

import pytest
import torch

from models.face_model.fitting import Fits, Noise, Points, fit
from models.geometry.transforms import rotation_from_euler
from models.loading import load_face_model
from models.synthetic.camera import project

EXACT = Noise(landmark_mm=0.02)
FACES = 12


@pytest.fixture(scope="module")
def model():
    return load_face_model()


@pytest.fixture(scope="module")
def truth(model) -> Fits:
    generator = torch.Generator().manual_seed(3)
    identity = torch.randn(FACES, model.identity_count, generator=generator)
    expression = model.expression_bank[
        torch.randint(len(model.expression_bank), (FACES,), generator=generator)
    ]
    angles = torch.randn(FACES, 3, generator=generator) * torch.tensor([0.3, 0.6, 0.3])
    camera = torch.tensor([0.6, 58.0, 63.0, 0.0]).repeat(FACES, 1)
    return Fits(identity, expression, rotation_from_euler(angles), camera, torch.zeros(FACES))


def landmarks(model, face: Fits) -> torch.Tensor:
    """[B, 68, 3] px."""
    return model.landmarks(
        project(model.vertices(face.identity, face.expression), face.rotation, face.camera)
    )


def angle_deg(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    cosine = ((a.mT @ b).diagonal(dim1=1, dim2=2).sum(1) - 1) / 2
    return torch.rad2deg(torch.arccos(cosine.clamp(-1, 1)))


@pytest.mark.parametrize("dimensions", [3, 2])
def test_a_fit_recovers_a_face_of_the_model(model, truth, dimensions):
    points = landmarks(model, truth)
    found = fit(model, points[..., :dimensions], noise=EXACT)
    size = (points[..., :2].amax(1) - points[..., :2].amin(1)).prod(-1).sqrt()
    apart = (landmarks(model, found) - points)[..., :2].norm(dim=-1).mean(1)
    assert (100 * apart / size).max() < 0.1
    torch.testing.assert_close(found.error_percent, 100 * apart / size, atol=2e-3, rtol=0)
    assert angle_deg(found.rotation, truth.rotation).median() < 0.5


def test_moving_turning_and_scaling_the_picture_moves_turns_and_scales_the_fit(model, truth):
    points = landmarks(model, truth)
    turn = rotation_from_euler(torch.tensor([[0.0, 0.0, 0.4]]))[0]  # about the line of sight, y up
    flip = torch.tensor([1.0, -1.0, 1.0])
    moved = 1.7 * (points * flip) @ turn.mT * flip + torch.tensor([31.0, -12.0, 5.0])
    before, after = fit(model, points), fit(model, moved)
    torch.testing.assert_close(after.identity, before.identity, atol=2e-3, rtol=0)
    torch.testing.assert_close(after.expression, before.expression, atol=2e-3, rtol=0)
    torch.testing.assert_close(after.rotation, turn @ before.rotation, atol=1e-3, rtol=0)
    torch.testing.assert_close(after.camera[:, 0], 1.7 * before.camera[:, 0], atol=1e-3, rtol=0)
    torch.testing.assert_close(after.error_percent, before.error_percent, atol=0.3, rtol=0)


def test_landmarks_of_no_weight_do_not_matter(model, truth):
    points, weights = landmarks(model, truth), torch.ones(FACES, 68)
    spoilt = points.clone()
    weights[:, 20:30] = 0
    spoilt[:, 20:30] += 40
    a, b = fit(model, points, weights), fit(model, spoilt, weights)
    torch.testing.assert_close(a.identity, b.identity, atol=1e-3, rtol=0)
    torch.testing.assert_close(a.rotation, b.rotation, atol=1e-4, rtol=0)


def test_jaw_landmarks_may_slide_along_the_contour_but_not_leave_it(model, truth):
    points = landmarks(model, truth)[..., :2]
    along = torch.nn.functional.normalize(points[:, 2:17] - points[:, :15], dim=-1)
    slid, pushed = points.clone(), points.clone()
    slid[:, 1:16] += 3 * along
    pushed[:, 1:16] += 3 * along.flip(-1) * torch.tensor([-1.0, 1.0])
    start = fit(model, points)
    moved = [
        (landmarks(model, fit(model, p)) - landmarks(model, start))[:, :17, :2].norm(dim=-1).mean()
        for p in (slid, pushed)
    ]
    assert moved[0] < 0.8 * moved[1]


def test_further_points_pull_a_fit_towards_them(model, truth):
    points = landmarks(model, truth)
    of_landmarks = torch.zeros(2, 68)
    of_landmarks[0, 36:42] = 1 / 6
    of_landmarks[1, 30] = 1
    goal = of_landmarks @ points[..., :2] + torch.tensor([0.0, 2.0])
    weights = torch.tensor([[8.0, 0.0]]).repeat(FACES, 1)
    extra = Points(goal, weights, of_landmarks, torch.zeros(2, 3))
    goal[:, 1] = -1e6  # not labelled, so whatever stands there
    pulled, free = fit(model, points, points=extra), fit(model, points)
    before, after = (
        (of_landmarks @ landmarks(model, f)[..., :2] - goal)[:, 0].norm(dim=-1) for f in (free, pulled)
    )
    assert (after < 0.8 * before).all()


def test_a_rotation_known_beforehand_holds_the_fit(model, truth):
    points = landmarks(model, truth)
    known = rotation_from_euler(torch.tensor([[0.1, 0.1, 0.0]])) @ truth.rotation
    free = angle_deg(fit(model, points).rotation, known)
    held = angle_deg(fit(model, points, rotation=known, noise=Noise(rotation_rad=0.001)).rotation, known)
    assert (held < 0.5).all()
    assert free.min() > 2


def test_landmarks_of_another_shape_are_refused(model):
    for wrong in (torch.zeros(2, 21, 2), torch.full((2, 68, 2), float("nan"))):
        with pytest.raises(ValueError, match="68"):
            fit(model, wrong)

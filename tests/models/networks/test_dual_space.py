import pytest
import torch
from torch import Tensor

from models.networks.blocks import fold_batch_norms
from models.networks.dual_space import Chart, DensePrediction, DualSpaceNetwork, Form, Switches, splat

SMALL = Form(
    size=64, widths=(8, 8, 8, 8, 8), summary=16, chart_size=16, fusion_widths=(8, 8, 8, 8), sampled=4
)


def dome_chart(side: int = 16) -> Chart:
    """A dome that faces the camera, with three ways to bulge."""
    line = (torch.arange(side) * 2 + 1) / side - 1
    v, u = torch.meshgrid(line, line, indexing="ij")
    mean = torch.stack((u, -v, 1 - 0.5 * (u**2 + v**2)), -1).reshape(-1, 3)
    generator = torch.Generator().manual_seed(0)
    basis = 0.05 * torch.randn(3, side * side, 3, generator=generator)
    return Chart(mean, basis[:2], basis[2:], torch.ones(side * side))


@pytest.fixture
def network() -> DualSpaceNetwork:
    torch.manual_seed(1)
    net = DualSpaceNetwork(SMALL, dome_chart())
    net.train()
    for _ in range(3):  # give the batch norms statistics of their own
        net(torch.randn(4, 3, 64, 64))
    return net.eval()


def crops(count: int, seed: int = 2) -> Tensor:
    return torch.randn(count, 3, 64, 64, generator=torch.Generator().manual_seed(seed))


def dense_where_the_chart_is_the_picture(mask: float = 9.0) -> DensePrediction:
    """Every pixel shows the place of the chart that lies at the same place of the chart's picture."""
    side = SMALL.size // 2
    line = (torch.arange(side) + 0.5) / side
    v, u = torch.meshgrid(line, line, indexing="ij")
    one = torch.ones(1, 1, side, side)
    return DensePrediction(mask * one, torch.stack((u, v))[None], 0.25 * one, 9 * one)


def test_splat_agrees_with_a_plain_loop():
    generator = torch.Generator().manual_seed(3)
    uv, values = torch.rand(2, 30, 2, generator=generator), torch.randn(2, 30, 3, generator=generator)
    weights = torch.rand(2, 30, generator=generator)
    means, mass = splat(uv, values, weights, 6)
    for b in range(2):
        sums, total = torch.zeros(36, 3), torch.zeros(36)
        for p in range(30):
            x, y = (uv[b, p] * 6 - 0.5).tolist()
            for column in range(-1, 7):
                for row in range(-1, 7):
                    near = max(0.0, 1 - abs(x - column)) * max(0.0, 1 - abs(y - row))
                    cell = min(max(row, 0), 5) * 6 + min(max(column, 0), 5)
                    sums[cell] += near * weights[b, p] * values[b, p]
                    total[cell] += near * weights[b, p]
        torch.testing.assert_close(mass[b], total, atol=1e-5, rtol=1e-4)
        hit = total > 1e-4
        torch.testing.assert_close(means[b][hit], sums[hit] / total[hit, None], atol=1e-4, rtol=1e-3)


def test_splat_does_not_care_about_the_order_of_the_points():
    generator = torch.Generator().manual_seed(4)
    uv, values = torch.rand(1, 200, 2, generator=generator), torch.randn(1, 200, 3, generator=generator)
    weights, order = torch.rand(1, 200, generator=generator), torch.randperm(200, generator=generator)
    for a, b in zip(
        splat(uv, values, weights, 8),
        splat(uv[:, order], values[:, order], weights[:, order], 8),
        strict=True,
    ):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_pixels_land_on_the_chart_at_their_own_position(network):
    seen = network.scatter(dense_where_the_chart_is_the_picture(), Switches())
    side = SMALL.chart_size
    inner = torch.zeros(side, side, dtype=torch.bool)
    inner[1:-1, 1:-1] = True
    got = seen.positions[0].reshape(side, side, 3)[inner]
    line = (torch.arange(side) + 0.5) / side * 2 - 1
    y, x = torch.meshgrid(-line, line, indexing="ij")
    torch.testing.assert_close(got[:, 0], x[inner], atol=1e-4, rtol=0)
    torch.testing.assert_close(got[:, 1], y[inner], atol=1e-4, rtol=0)
    torch.testing.assert_close(got[:, 2], torch.full_like(got[:, 2], 0.25))


def test_what_the_mask_hides_does_not_reach_the_chart(network):
    dense = dense_where_the_chart_is_the_picture()
    mask = dense.mask.clone()
    mask[..., : mask.shape[-1] // 2] = -9
    seen = network.scatter(dense._replace(mask=mask), Switches())
    weights = seen.weights[0].reshape(SMALL.chart_size, -1)
    assert float(weights[:, : SMALL.chart_size // 2 - 1].max()) == 0
    assert float(weights[:, SMALL.chart_size // 2 + 1 :].min()) > 0.3


def test_an_empty_mask_falls_back_to_every_pixel_and_says_so(network):
    dense = dense_where_the_chart_is_the_picture(mask=-9.0)
    seen = network.scatter(dense, Switches())
    assert bool(seen.mask_was_empty[0])
    assert not bool(network.scatter(dense_where_the_chart_is_the_picture(), Switches()).mask_was_empty[0])


def test_confidence_counts_only_while_it_is_switched_on(network):
    dense = dense_where_the_chart_is_the_picture()
    doubtful = dense._replace(confidence=dense.confidence - 12)
    on, off = Switches(), Switches(confidence=False)
    assert float(network.scatter(doubtful, on).weights.mean()) < 0.5 * float(
        network.scatter(dense, on).weights.mean()
    )
    torch.testing.assert_close(network.scatter(doubtful, off).weights, network.scatter(dense, off).weights)


def test_the_image_space_branch_puts_the_face_where_it_was_seen(network):
    with torch.no_grad():
        answer = network(crops(2))
    seen = answer.seen
    fitted = answer.image_space
    residual = lambda face: float(  # noqa: E731
        (seen.weights[..., None] * (face - seen.positions).square()).sum()
    )
    shifted = fitted.face + torch.tensor([0.05, 0.0, 0.0])
    assert residual(fitted.face) < residual(shifted)
    assert residual(fitted.face) < residual(fitted.face * 1.1)


def test_a_crop_gets_the_same_answer_alone_and_in_a_batch(network):
    with torch.no_grad():
        together = network(crops(3)).fused.face
        alone = torch.cat([network(one[None]).fused.face for one in crops(3)])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


def test_a_switched_off_branch_does_not_enter_the_computation(network):
    with torch.no_grad():
        before = network(crops(1), Switches(model_space=False))
        assert before.model_space is None
        assert before.fused is None
        fused = network(crops(1)).fused.face
        network.regress.bias += 1.0
        after = network(crops(1), Switches(model_space=False))
        torch.testing.assert_close(before.image_space.face, after.image_space.face)
        assert not torch.allclose(fused, network(crops(1)).fused.face)


def test_folding_the_batch_norms_changes_nothing(network):
    with torch.no_grad():
        before = network(crops(2)).fused.face
        after = fold_batch_norms(network)(crops(2)).fused.face
    torch.testing.assert_close(before, after, atol=1e-4, rtol=1e-4)
    assert not any(isinstance(m, torch.nn.BatchNorm2d | torch.nn.BatchNorm1d) for m in network.modules())


def test_every_parameter_gets_a_finite_gradient(network):
    network.train()
    answer = network(crops(4))
    loss = answer.fused.face.square().mean() + answer.fused.targets.square().mean()
    loss = loss + sum(part.square().mean() for part in answer.dense)
    loss = loss + answer.states.square().mean() + answer.landmark_states.square().mean()
    loss.backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert bool(parameter.grad.isfinite().all()), name


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_cuda_answers_as_the_cpu_does(network):
    with torch.no_grad():
        cpu = network(crops(2)).fused.face
        gpu = network.cuda()(crops(2).cuda()).fused.face.cpu()
    torch.testing.assert_close(cpu, gpu, atol=5e-3, rtol=1e-2)

"""A method as an ONNX file: what leaves answers as the method does, and is told apart where it does not."""

from __future__ import annotations

import json
import sys
import warnings

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import resources
from models.catalogue import provenance
from models.detection import detect
from models.errors import InputError, MethodError
from models.export.onnx_file import onnx_file
from models.geometry.crops import warp_crop
from models.loading import load
from models.methods.portable import FACES, Port, Portable
from tests.fakes.reconstructor import FakeReconstructor
from viewer.sources.still import read_still

METHODS = ("dsfnet", "tddfa", "prnet", "mgcnet")
HERE = provenance("dsfnet", "open")


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return read_still(resources.samples()[0]).image


class Small(FakeReconstructor):
    """Leaves as one layer; `truth` answers in its place when torch is asked after the trace."""

    def portable(self) -> Portable:
        torch.manual_seed(0)
        layer = nn.Conv2d(3, 2, 3)

        def run(crops: Tensor) -> tuple[Tensor, ...]:
            maps = layer(crops.permute(0, 3, 1, 2).float() / 255)
            return (maps + self.astray(crops),)

        return Portable(
            network=layer,
            run=run,
            size=8,
            takes=Port("crops", (FACES, 8, 8, 3), "uint8 RGB"),
            gives=(Port("maps", (FACES, 2, 6, 6), "float32, px"),),
            lacks="Nothing else is in it.",
        )

    def astray(self, crops: Tensor) -> float:
        return 0.0


def libraries() -> None:
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason="ONNX is not installed: pip install 'unmask[onnx]'")


@pytest.mark.parametrize("name", METHODS)
def test_what_leaves_a_method_is_what_it_answers(name, photo):
    method = load(name)
    T = method.crop(detect(photo)[0])
    crops = np.stack([warp_crop(photo, T, method.size)] * 2)
    part = method.portable()
    with torch.inference_mode():
        given = part.run(torch.from_numpy(crops))
    told = dict(zip((port.name for port in part.gives), (tensor.numpy() for tensor in given), strict=True))
    for port in part.gives:
        assert told[port.name].shape == (2, *port.shape[1:]), port.name
    later = frozenset({"refinement"} & set(method.switches))
    answer = method(crops, later)[1]
    vertices, landmarks = answer.vertices, answer.landmarks
    if name == "dsfnet":  # its fusion stays behind, and its refinement
        vertices = answer.layer("model space").vertices
        landmarks = answer.topology.landmarks(vertices)
    near = 0.3 if name == "dsfnet" else 1e-3  # px; on some machines its network answers in bfloat16
    assert told["vertices"][1] == pytest.approx(vertices, abs=near)
    assert told["landmarks"][1] == pytest.approx(landmarks, abs=near)
    assert told["vertices"][0] == pytest.approx(told["vertices"][1], abs=1e-3)


@pytest.mark.parametrize("name", ["dsfnet", "mgcnet"])
def test_a_trace_takes_any_number_of_faces_and_holds_nothing_that_onnx_lacks(name):
    part = load(name).portable()

    class Traced(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = part.network

        def forward(self, crops: Tensor) -> tuple[Tensor, ...]:
            return part.run(crops)

    crops = torch.zeros(2, part.size, part.size, 3, dtype=torch.uint8)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's own
        traced = torch.export.export(
            Traced().eval(), (crops,), dynamic_shapes=({0: torch.export.Dim(FACES)},)
        )
    held = {str(node.target) for node in traced.graph.nodes if node.op == "call_function"}
    assert {one for one in held if any(word in one for word in ("inv", "eig", "svd", "solve"))} == set()


def test_the_file_takes_any_number_of_faces_and_says_what_it_holds():
    libraries()
    import onnx
    import onnxruntime

    made = onnx_file(Small(), HERE, "1.2")
    crops = np.random.default_rng(0).integers(0, 255, (5, 8, 8, 3), np.uint8)
    session = onnxruntime.InferenceSession(made.data, providers=["CPUExecutionProvider"])
    (maps,) = session.run(["maps"], {"crops": crops})
    with torch.no_grad():
        assert maps == pytest.approx(Small().portable().run(torch.from_numpy(crops))[0].numpy(), abs=1e-5)
    model = onnx.load_from_string(made.data)
    told = {entry.key: entry.value for entry in model.metadata_props}
    assert (told["schema"], told["method"], told["lacks"]) == (
        "unmask.onnx/1",
        "fake",
        "Nothing else is in it.",
    )
    assert json.loads(told["maps"]) == {"shape": ["faces", 2, 6, 6], "tells": "float32, px"}
    assert json.loads(told["weights"])["sha256"] == HERE.sha256
    assert [value.doc_string for value in (*model.graph.input, *model.graph.output)] == [
        "uint8 RGB",
        "float32, px",
    ]
    assert model.producer_version == "1.2"


def test_a_file_that_answers_otherwise_than_torch_is_refused():
    libraries()

    class Astray(Small):
        def astray(self, crops: Tensor) -> float:
            return 0.0 if torch.compiler.is_exporting() else 0.1

    with pytest.raises(MethodError, match=r"maps of the ONNX file is 0\.1 away"):
        onnx_file(Astray(), HERE, "1")


def test_a_real_method_goes_through(photo):
    libraries()
    import onnxruntime

    method = load("tddfa")
    made = onnx_file(method, provenance("tddfa", "open"), "1")
    crops = warp_crop(photo, method.crop(detect(photo)[0]), method.size)[None]
    session = onnxruntime.InferenceSession(made.data, providers=["CPUExecutionProvider"])
    (vertices,) = session.run(["vertices"], {"crops": crops})
    assert vertices[0] == pytest.approx(method(crops)[0].vertices, abs=0.01)
    assert max(made.off) < 1e-3


def test_a_method_that_cannot_leave_and_missing_packages_are_told(monkeypatch):
    libraries()
    with pytest.raises(MethodError, match="'fake' cannot be written as ONNX"):
        onnx_file(FakeReconstructor(), HERE, "1")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"unmask\[onnx\]"):
        onnx_file(Small(), HERE, "1")

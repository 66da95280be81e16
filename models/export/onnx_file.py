"""A method as an ONNX file, checked: what the file answers is held against what torch does."""

from __future__ import annotations

import json
import logging
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.catalogue import Provenance
from models.errors import InputError, MethodError
from models.export.files import weights_record
from models.geometry.arrays import Floats
from models.methods.portable import FACES, HasPortable, Port, Portable
from models.reconstructor import Reconstructor

MISSING = "ONNX needs packages that are not installed. Run pip install 'unmask[onnx]'."
SCHEMA = "unmask.onnx/1"
FAR = 1e-3  # of an output's own range: torch and onnxruntime add in another order, no more
NEARLY_ALL = 0.999  # of the numbers: which way a vertex on the rim is turned may be told either way
TRACED, CHECKED = 2, 3  # faces; another number shows that the first axis is free


@dataclass(frozen=True, eq=False, slots=True)
class OnnxFile:
    """The file, and how near its answers are to torch's.

    Attributes:
        data: The bytes of the file; what each tensor means stands in its metadata.
        gives: What comes out.
        off: How far `NEARLY_ALL` numbers of each are from torch's answer at most, in its own unit.
    """

    data: bytes
    gives: tuple[Port, ...]
    off: tuple[float, ...]


def onnx_file(method: Reconstructor, weights: Provenance, version: str) -> OnnxFile:
    """A method as far as it can leave, for crops [F, S, S, 3] uint8 RGB of any number of faces.

    Args:
        method: On the CPU.
        weights: Those it was loaded with.
        version: Of this program.

    Raises:
        InputError: The packages of the extra `onnx` are not installed.
        MethodError: The method cannot leave, or its file answers otherwise than torch does.
    """
    runtime = _runtime()
    if not isinstance(method, HasPortable):
        raise MethodError(f"The method {method.name!r} cannot be written as ONNX. Choose another one.")
    part = method.portable()
    network = _Forward(part).eval()
    model = _traced(network, part)
    _annotate(model, method, part, weights, version)
    data: bytes = model.SerializeToString()
    off = _differences(runtime, data, network, part)
    for port, far, most in off:
        if not far <= FAR * max(most, 1.0):
            raise MethodError(
                f"{port.name} of the ONNX file is {far:.3g} away from what torch answers, of {most:.3g}. "
                "Nothing was written; try other versions of onnxscript and onnxruntime."
            )
    return OnnxFile(data, part.gives, tuple(far for _, far, _ in off))


class _Forward(nn.Module):
    """What is traced."""

    def __init__(self, part: Portable) -> None:
        super().__init__()
        self.network = part.network
        self._run = part.run

    def forward(self, crops: Tensor) -> tuple[Tensor, ...]:
        return self._run(crops)


def _runtime() -> Any:
    try:
        import onnx  # noqa: F401, torch asks for it
        import onnxruntime
        import onnxscript  # noqa: F401, likewise
    except ImportError as error:
        raise InputError(MISSING) from error
    return onnxruntime


def _traced(network: nn.Module, part: Portable) -> Any:
    """As an `onnx.ModelProto`."""
    loudness = logging.root.manager.disable
    logging.disable(logging.WARNING)  # tells of packages that are absent and not needed
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # of how torch itself traces
            program = torch.onnx.export(
                network,
                (_crops(part, TRACED),),
                input_names=[part.takes.name],
                output_names=[port.name for port in part.gives],
                dynamic_shapes=({0: torch.export.Dim(FACES)},),
                dynamo=True,
                verbose=False,
            )
            assert program is not None
            return program.model_proto
    finally:
        logging.disable(loudness)


def _annotate(model: Any, method: Reconstructor, part: Portable, weights: Provenance, version: str) -> None:
    """What each tensor means, in the model's metadata and beside the tensor."""
    ports = (part.takes, *part.gives)
    model.producer_name, model.producer_version = "unmask", version
    model.doc_string = f"{method.name}. {part.lacks}"
    for port, value in zip(ports, (*model.graph.input, *model.graph.output), strict=True):
        assert value.name == port.name, "the trace keeps the names in their order"
        value.doc_string = port.tells
    told = {
        "schema": SCHEMA,
        "method": method.name,
        "weights": json.dumps(weights_record(weights)),
        "lacks": part.lacks,
        **{port.name: json.dumps({"shape": port.shape, "tells": port.tells}) for port in ports},
    }
    for key, text in told.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, text


def _differences(
    runtime: Any, data: bytes, network: nn.Module, part: Portable
) -> list[tuple[Port, float, float]]:
    """Of each output how far nearly all of it is from torch's at most, and the range of that."""
    crops = _crops(part, CHECKED)
    session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
    answered: list[Floats] = session.run(None, {part.takes.name: crops.numpy()})
    with torch.no_grad():
        wanted = [tensor.numpy() for tensor in network(crops)]
    return [
        (port, float(np.quantile(np.abs(ours - theirs), NEARLY_ALL)), float(np.ptp(theirs)))
        for port, ours, theirs in zip(part.gives, answered, wanted, strict=True)
    ]


def _crops(part: Portable, count: int) -> Tensor:
    """[count, S, S, 3] uint8: smooth made-up pictures, always the same."""
    drawn = torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(count))
    large = nn.functional.interpolate(drawn, (part.size, part.size), mode="bicubic").clamp(0, 1)
    return (255 * large).to(torch.uint8).permute(0, 2, 3, 1).contiguous()

"""What a training run is made of: frozen, written beside the weights as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from models.networks.dual_space import Form
from models.networks.finder import FinderForm
from models.networks.position_net import PositionForm
from models.networks.published import PublishedForm
from models.networks.regressor import RegressorForm
from models.networks.resnet import ResNetForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What all recipes have.

    The learning rate rises over `warmup` of the run and falls to zero along a cosine.

    Attributes:
        method: Whose.
        start: Name of the weights the run began from; empty: from chance.
        minutes: Of wall clock, over all resumed parts, so that a run ends when planned on any machine.
        batch: Samples a step.
        ema: How much of the averaged weights stays from step to step.
        workers: Processes beside the training that make samples, or what they are made of.
        threads: Of the training itself.
    """

    method: str
    start: str = ""
    seed: int = 2026
    minutes: float = 25.0
    batch: int = 48
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    warmup: float = 0.03
    clip_norm: float = 5.0
    ema: float = 0.998
    workers: int = 1
    threads: int = 1

    def as_json(self) -> dict[str, Any]:
        """Plain values, for the file beside the weights."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LossWeights:
    """How much each term counts; distances are in half crop sides, shapes in 100 mm."""

    mask: float = 1.0
    uv: float = 10.0
    depth: float = 2.0
    confidence: float = 0.1
    coefficients: float = 0.02
    rotation: float = 0.3
    offset: float = 2.0
    position: float = 2.0
    landmarks: float = 4.0
    gaps: float = 6.0  # how far lips and lids are apart
    fused: float = 2.0  # times position, landmarks, gaps and offset of the fused face
    states: float = 1.0
    landmark_states: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class DSFNetRecipe(Recipe):
    """The compact DSFNet on synthetic faces, or on those and photographs.

    Attributes:
        photographs: Name of the folder of labelled crops (aflw.py) that joined in; empty for none.
        share: Of all samples that come from there.
        pool: Samples kept.
        uses: Times each is drawn on average.
        only: "states" trains the states, the mask and the dense heads on features that stay as they are,
            "refinement" what reads landmarks and moves faces towards them.
    """

    method: str = "dsfnet"
    only: str = ""
    photographs: str = ""
    share: float = 0.5
    minutes: float = 120.0
    warmup: float = 0.02
    pool: int = 16_000
    uses: float = 4.0
    threads: int = 2
    loss: LossWeights = field(default_factory=LossWeights)
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True)
class PublishedLossWeights:
    """How much each term of the published DSFNet counts; the authors' own."""

    shape: float = 10.0
    expression: float = 50.0
    camera: float = 1.0
    grid: float = 50.0
    seen: float = 1.0
    depth: float = 100.0
    confidence: float = 0.1
    kpt: float = 1.0
    offset: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRecipe(Recipe):
    """DSFNet at its published size on rendered faces. Takes days on two cores."""

    method: str = "dsfnet-published"
    minutes: float = 2880.0
    batch: int = 16
    learning_rate: float = 2e-4
    weight_decay: float = 1e-4
    warmup: float = 0.02
    clip_norm: float = 50.0
    pool: int = 16_000
    uses: float = 4.0
    threads: int = 2
    loss: PublishedLossWeights = field(default_factory=PublishedLossWeights)
    form: PublishedForm = field(default_factory=lambda: PublishedForm(256, 60, 36))


@dataclass(frozen=True, slots=True)
class FinderLoss:
    """How much each term counts; boxes are scored by overlap, rotations by squared distance."""

    score: float = 1.0
    box: float = 2.0
    rotation: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class FinderRecipe(Recipe):
    """The face finder on composed frames.

    A run begins by rendering its stock of cut-outs; that time is not counted.

    Attributes:
        cutouts, backdrops: Size of the stock (about 200 kB and 300 kB each, on the disk).
        frame: Side of the frames, px.
        photographs: As for DSFNet.
    """

    method: str = "finder"
    minutes: float = 20.0
    batch: int = 16
    cutouts: int = 5000
    backdrops: int = 1000
    frame: int = 256
    photographs: str = ""
    loss: FinderLoss = field(default_factory=FinderLoss)
    form: FinderForm = field(default_factory=FinderForm)


@dataclass(frozen=True, slots=True)
class TDDFALoss:
    """How much each term counts; distances are in half crop sides, parameters whitened.

    Attributes:
        parameters, vertices: The two objectives where they lead.
        other: Share of its weight an objective has while the other leads; 0 as published.
        landmarks: The branch that is dropped afterwards.
        steadiness: How wrongly a face moves from a still to a moment later.
    """

    parameters: float = 4.0
    vertices: float = 10.0
    other: float = 0.25
    landmarks: float = 2.0
    steadiness: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TDDFARecipe(Recipe):
    """3DDFA-V2 on a bank of rendered faces.

    Attributes:
        look_ahead_every, look_ahead: Steps between two choices of the objective, and steps tried for each.
        moving: Share of the stills that are also shown a moment later.
        shift, scale, roll_rad: How far the squares stray; see `squares.Jitter`.
        turn_rad, move_shift, move_scale, move_roll_rad: How far a face moves in a moment, at most.
    """

    method: str = "tddfa"
    batch: int = 64
    learning_rate: float = 3e-3
    warmup: float = 0.04
    workers: int = 2
    scenes: int = 12_000  # in three views each
    threads: int = 2
    look_ahead_every: int = 250
    look_ahead: int = 4
    moving: float = 0.25
    shift: float = 0.08
    scale: float = 0.16
    roll_rad: float = 0.6
    turn_rad: float = 0.12
    move_shift: float = 0.04
    move_scale: float = 0.04
    move_roll_rad: float = 0.1
    loss: TDDFALoss = field(default_factory=TDDFALoss)
    form: RegressorForm = field(default_factory=lambda: RegressorForm(width=0.5, identity=60, expression=36))


@dataclass(frozen=True, slots=True)
class MGCNetLoss:
    """How much each term counts; distances are in half crop sides, depth in mm, epipolar in px.

    `stress` is how many times the nose's ridge and the inner lips count among the landmarks.
    """

    landmarks: float = 6.0
    vertices: float = 4.0
    stress: float = 1.5
    pixel: float = 0.3
    view: float = 0.15
    ssim: float = 0.1
    depth: float = 0.003
    epipolar: float = 0.005
    shape_prior: float = 0.003
    albedo_prior: float = 0.003


def open_resnet() -> ResNetForm:
    """Half as wide as published, on a smaller picture, with the coefficients of the open face model."""
    return ResNetForm(
        size=96,
        field_px=172.0,
        width=0.5,
        identity=60,
        albedo=30,
        expression=36,
        pose_units=(0.5, 0.5, 0.5, 10.0, 10.0, 300.0),
        normed=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MGCNetRecipe(Recipe):
    """MGCNet on a bank of faces in three views.

    Attributes:
        batch: Pictures, three of each face.
        scenes: How many faces the bank holds.
        skins: How many faces the albedo is measured on.
        aligned: Share of the crops that are aligned by five points; the others by the box.
        views_share: Share of the steps that also compare views and pixels.
        cells: Side of the grid they are compared on.
    """

    method: str = "mgcnet"
    batch: int = 36
    workers: int = 2
    scenes: int = 12_000
    skins: int = 600
    aligned: float = 0.5
    views_share: float = 0.25
    cells: int = 48
    loss: MGCNetLoss = field(default_factory=MGCNetLoss)
    form: ResNetForm = field(default_factory=open_resnet)


@dataclass(frozen=True, slots=True, kw_only=True)
class PRNetRecipe(Recipe):
    """PRNet in a narrower form on a bank of rendered faces.

    Attributes:
        momentum: Of the batch norms' statistics.
        landmarks: How much the branch beside the decoder counts.
        squared: Whether distances are squared, as published.
        depth: How much z counts beside x and y; 1 as published.
        shift, scale, roll_deg: How far squares stray at most: of the side, log of the side, turn.
        patched: Share of pictures with a patch of noise, beside the covers rendered into the bank.
    """

    method: str = "prnet"
    scenes: int = 12_000  # in three views each
    workers: int = 2
    threads: int = 2
    momentum: float = 0.02
    landmarks: float = 1.0
    squared: bool = False
    depth: float = 0.5
    shift: float = 0.08
    scale: float = 0.15
    roll_deg: float = 20.0
    patched: float = 0.2
    form: PositionForm = field(default_factory=lambda: PositionForm(size=64, width=0.75, beyond=0.25))

"""Which methods with which weights there are to choose, and what those lack that cannot run. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from models.catalogue import methods, missing
from resources.needs import NEEDS, OURS, weights_of, weights_usually
from viewer.state.setting import MOST_METHODS, PARTS, Setting

FIRST = "dsfnet"
OPEN = "open"
PARTS_OF = {FIRST: PARTS, "dsfnet-published": PARTS[:-1]}  # the release has no refinement


@dataclass(frozen=True, slots=True)
class Offer:
    """A method with weights.

    Attributes:
        setting: Who would answer.
        missing: Why it cannot: a sentence for each thing that is not there; none if it can.
    """

    setting: Setting
    missing: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether it can be asked."""
        return not self.missing

    @property
    def meaning(self) -> str:
        """A tooltip: that it can be asked, or what is missing and how to get it."""
        return "\n".join(self.missing) or f"Answer with {self.setting.method} · {self.setting.weights}"


def method_names() -> tuple[str, ...]:
    """Every installed method: ours first, then others by name."""
    known = methods()
    ours = [name for name in (FIRST, *NEEDS) if name in known]
    return (*ours, *sorted(set(known) - set(ours)))


def offers() -> tuple[Offer, ...]:
    """Every installed method with every weights it has a name for."""
    return tuple(offer for name in method_names() for offer in offers_of(name))


def offers_of(method: str) -> tuple[Offer, ...]:
    """The weights of one method: what ships, then what a user may bring. At least one."""
    return tuple(Offer(Setting(method, name), tuple(missing(method, name))) for name in weights_of(method))


def best_offer(method: str) -> Offer:
    """How a method is asked at first: with its usual weights. Where they are missing it says so, and no other
    weights answer in their place.
    """
    name = weights_usually(method)
    return Offer(Setting(method, name), tuple(missing(method, name)))


def parts_of(method: str) -> tuple[str, ...] | None:
    """What can be left out of a method of ours; None for others, which say so once they are loaded."""
    return PARTS_OF.get(method, ()) if method in OURS else None


def usable(setting: Setting) -> bool:
    """Whether the method is installed and its files are there."""
    return setting.method in methods() and not missing(setting.method, setting.weights)


def first_lineup() -> tuple[Setting, ...]:
    """Who stands beside our own method at first: every other that can run; its other weights if none can."""
    ready = [offer.setting for offer in offers() if offer.ready]
    others = [next(group) for name, group in groupby(ready, lambda one: one.method) if name != FIRST]
    own = [setting for setting in ready if setting.method == FIRST and setting.weights != OPEN]
    return tuple((others or own)[: MOST_METHODS - 1])

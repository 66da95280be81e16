"""Which files answer now, and under which terms they may be used. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

from models.catalogue import Provenance, detector_provenance, provenance
from viewer.inference.request import others_of
from viewer.state.setting import Setting, worded
from viewer.state.state import State, setting_of

SHORT = 12  # digits of a SHA-256 that tell files apart


@dataclass(frozen=True, slots=True)
class Terms:
    """A file that is in use.

    Attributes:
        user: Who uses it: method and weights, or the detector.
        sha256: The first digits of it; "unknown" where the file is not known.
        licence: As the manifest says of this content.
        place: Where the file lies; empty where it is not known.
        digest: All of the SHA-256; empty where the file is not known.
    """

    user: str
    sha256: str
    licence: str
    place: str
    digest: str = ""

    @property
    def line(self) -> str:
        """SHA-256 and licence."""
        return f"SHA-256 {self.sha256} · {self.licence}"


def who_answers(state: State) -> tuple[tuple[Setting, ...], str]:
    """Every method that answers now, with its weights; and the detector."""
    named = (Setting(one.method, one.weights) for one in (setting_of(state), *others_of(state)))
    return tuple(dict.fromkeys(named)), state.detector


def in_use(state: State) -> tuple[Terms, ...]:
    """The weights of every method that answers now, and of the detector if it has any."""
    settings, detector = who_answers(state)
    known = detector_provenance(detector)
    looking = () if known is None else (_terms(f"detector {detector}", known),)
    return (*map(terms_of, settings), *looking)


def terms_of(setting: Setting) -> Terms:
    """Those of the weights of one method. Reads the file once, to know it by its content."""
    return _terms(
        worded(Setting(setting.method, setting.weights)), provenance(setting.method, setting.weights)
    )


def _terms(user: str, known: Provenance) -> Terms:
    return Terms(user, known.sha256[:SHORT] or "unknown", known.licence, known.path, known.sha256)

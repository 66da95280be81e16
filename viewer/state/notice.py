"""What the banner says. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How bad a notice is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Notice:
    """What the banner says.

    Attributes:
        severity: Colour and icon of the banner.
        cause: One sentence: what was wrong.
        remedy: One sentence: what to do about it; may be empty.
        lasts: Opening a picture does not take it back, as it is not about a picture.
    """

    severity: Severity
    cause: str
    remedy: str = ""
    lasts: bool = False

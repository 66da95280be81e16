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
    """

    severity: Severity
    cause: str
    remedy: str = ""

"""`unmask` and `python -m viewer`."""

from __future__ import annotations

import sys

from viewer.cli.parser import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())

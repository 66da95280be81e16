"""`python -m resources.audit`: PyPI's advisories about every package that Unmask needs.

pip-audit asks; what it could not ask about is no good news, so that ends in an error too.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from resources.licences import Dependency, dependencies

__all__ = ["asked", "judge", "requirements"]


def requirements(packages: Sequence[Dependency]) -> str:
    """Pinned versions, a line each; builds of our own system ("2.13.0+cpu") as what they were built from."""
    return "".join(f"{package.name}=={package.version.partition('+')[0]}\n" for package in packages)


def asked(packages: Sequence[Dependency]) -> Any:
    """What pip-audit reports of these versions, as JSON values.

    Raises:
        RuntimeError: It reported nothing; says why.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "packages.txt"
        path.write_text(requirements(packages), encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "-r", str(path), "--no-deps", "--disable-pip"]
        ended = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=False)
    try:
        return json.loads(ended.stdout)
    except ValueError:
        said = ended.stderr.strip().splitlines() or ["it said nothing"]
        raise RuntimeError(f"pip-audit did not report: {said[-1]}") from None


def judge(report: Any) -> tuple[list[str], int]:
    """Lines to print, and the exit status: 1 if there are advisories, or packages nobody told of."""
    rows = report["dependencies"]
    skipped = [row["name"] for row in rows if "skip_reason" in row]
    lines = [
        f"{row['name']} {row['version']}: {advisory['id']}, mended in "
        f"{', '.join(advisory['fix_versions']) or 'no version yet'}"
        for row in rows
        for advisory in row.get("vulns", ())
    ]
    found = len(lines)
    if skipped:
        few = ", ".join(skipped[:5]) + (f" and {len(skipped) - 5} more" if len(skipped) > 5 else "")
        lines.append(f"Nothing is known of {few}: ask again where PyPI can be reached.")
    lines.append(f"{len(rows) - len(skipped)} of {len(rows)} packages audited, {found} advisories.")
    return lines, int(bool(found or skipped))


def main() -> int:
    """0 if all packages were audited, and nothing is known against them."""
    try:
        lines, status = judge(asked(dependencies()))
    except RuntimeError as error:
        lines, status = [str(error)], 1
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main())

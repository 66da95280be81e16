"""What is said of packages: their advisories, and that silence is no good news."""

from __future__ import annotations

import subprocess
import sys

import pytest

from resources.audit import asked, judge, requirements
from resources.licences import Dependency

WELL = {"name": "numpy", "version": "2.4.0", "vulns": []}
ILL = {"name": "pillow", "version": "9.0.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["9.0.1"]}]}
UNKNOWN = {"name": "torch", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("rows", "status", "said"),
    [
        ([WELL], 0, "1 of 1 packages audited, 0 advisories."),
        ([WELL, ILL], 1, "pillow 9.0.0: PYSEC-1, mended in 9.0.1"),
        ([WELL, UNKNOWN], 1, "Nothing is known of torch"),
        ([UNKNOWN] * 9, 1, "and 4 more"),
    ],
)
def test_an_audit_is_good_only_if_every_package_was_asked_about(rows, status, said):
    lines, ended = judge({"dependencies": rows})
    assert ended == status
    assert said in "\n".join(lines)


def test_builds_for_a_system_are_asked_about_as_what_they_were_built_from():
    packages = (Dependency("torch", "2.13.0+cpu", ""), Dependency("numpy", "2.4.0", ""))
    assert requirements(packages) == "torch==2.13.0\nnumpy==2.4.0\n"


def test_an_audit_that_reports_nothing_says_why(monkeypatch):
    said = subprocess.CompletedProcess([sys.executable], 1, "", "much\nNo module named pip_audit\n")
    monkeypatch.setattr("resources.audit.subprocess.run", lambda *_args, **_options: said)
    with pytest.raises(RuntimeError, match="No module named pip_audit"):
        asked(())

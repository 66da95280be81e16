"""Whoever passes the program on learns under which terms all that it needs stands."""

from __future__ import annotations

import subprocess
import sys

from resources.licences import UNKNOWN, dependencies


def test_every_dependency_is_listed_with_its_licence():
    rows = {row.name.lower().replace("_", "-"): row for row in dependencies()}
    assert {"torch", "numpy", "pyside6-essentials", "h5py"} <= rows.keys(), "direct ones"
    assert {"shiboken6", "sympy"} <= rows.keys(), "and what those need"
    assert "pytest" not in rows, "not what only developing needs"
    assert [row for row in rows.values() if row.licence == UNKNOWN] == []
    assert "BSD" in rows["numpy"].licence
    assert "BSD" in rows["scipy"].licence
    assert "GPL" in rows["pyside6-essentials"].licence


def test_the_command_prints_a_line_for_each():
    done = subprocess.run(
        [sys.executable, "-m", "resources.licences"], capture_output=True, text=True, check=True
    )
    assert len(done.stdout.splitlines()) == len(dependencies())

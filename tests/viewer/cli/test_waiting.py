"""How the threads of a method wait for one another, as torch is told before it is loaded."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
import viewer.__main__ as program

def told(_asked):
    print(os.environ["OMP_WAIT_POLICY"], "torch" in sys.modules)
    return 0

program._run = told
sys.exit(program.main(sys.argv[1:]))
"""


@pytest.mark.parametrize(("chosen", "told"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
@pytest.mark.parametrize("words", [[], ["run", "a.jpg", "--out", "b"]])
def test_waiting_threads_leave_the_processor_to_others_unless_the_user_says_otherwise(words, chosen, told):
    here = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    chosen_too = here | ({} if chosen is None else {"OMP_WAIT_POLICY": chosen})
    command = [sys.executable, "-c", PROGRAM, *words]
    done = subprocess.run(command, env=chosen_too, capture_output=True, text=True, check=True)
    assert done.stdout == f"{told} False\n"

"""What is written in bulk lets services go first, and starting it twice changes nothing."""

import os
import subprocess
import sys

import pytest

NICENESS = 10
SAY = "import os; print(os.getpriority(os.PRIO_PROCESS, 0))"


@pytest.mark.parametrize(("before", "after"), [(0, NICENESS), (NICENESS + 3, NICENESS + 3)])
def test_a_process_gives_way_and_never_pushes_back(before, after):
    own = os.getpriority(os.PRIO_PROCESS, 0)
    code = f"from console.priority import give_way; give_way(); give_way(); {SAY}"
    command = ["nice", "-n", str(max(0, before - own)), sys.executable, "-c", code]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert int(said) == max(after, own)

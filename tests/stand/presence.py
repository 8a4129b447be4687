"""What a machine may lack: told aloud to whoever runs the tests, never passed over in silence."""

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """End the test: a loud skip on a machine of one's own, a failure under CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is needed under CI and is not there")
    pytest.skip(f"SKIPPED LOUDLY: {what} is not there (make services)")

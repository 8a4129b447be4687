"""What every test may ask for."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _missing(what: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is needed under CI and is not there")
    pytest.skip(f"SKIPPED LOUDLY: {what} is not there")


@pytest.fixture(scope="session")
def shared_datasets() -> Path:
    """The folder of real public data; a loud skip where absent, a failure under CI."""
    folder = Path(os.environ.get("VOUCH_SHARED_DATASETS", ROOT.parent / "shared" / "datasets"))
    if not folder.is_dir():
        _missing(f"the folder of public data ({folder})")
    return folder

"""The shipped policy, read once."""

from pathlib import Path

import pytest

from credit.policy.terms import Policy, parse_policy

PLATFORM = Path(__file__).resolve().parents[2] / "partners" / "platform.toml"


@pytest.fixture(scope="session")
def platform_text() -> str:
    return PLATFORM.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def platform(platform_text: str) -> Policy:
    return parse_policy(platform_text)

"""The shipped policy, read once; and no deadline for Hypothesis: machines may be busy."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from credit.policy.terms import Policy, parse_policy

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

PLATFORM = Path(__file__).resolve().parents[2] / "partners" / "platform.toml"


@pytest.fixture(scope="session")
def platform_text() -> str:
    return PLATFORM.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def platform(platform_text: str) -> Policy:
    return parse_policy(platform_text)

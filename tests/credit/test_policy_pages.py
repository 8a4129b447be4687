"""The pages of policy fields and of reasons are the code's own words."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from credit.policy.declared import declarations
from credit.policy.pages import policies_page, reasons_page
from credit.policy.reasons import MODEL, REASONS, RULE
from credit.policy.waiver_terms import SceneTerms

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize(
    ("name", "page"), [("policies.md", policies_page), ("reasons.md", reasons_page)]
)
def test_the_page_is_what_the_code_says(name: str, page: Callable[[], str]) -> None:
    path = DOCS / name
    if os.environ.get("REGENERATE") == "pages":
        path.write_text(page(), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == page(), "REGENERATE=pages writes it anew"


def test_every_field_of_a_scene_has_unit_meaning_and_direction_on_the_page() -> None:
    page = policies_page()
    for _, name, row in declarations(SceneTerms):
        assert f"| `{name}` | {row.unit.value} |" in page
        assert f"| {row.direction.value} | {row.meaning} |" in page


def test_reasons_are_unique_and_rules_come_before_the_model() -> None:
    sources = [reason.source for reason in REASONS]
    assert sources == sorted(sources, key=[RULE, MODEL].index)
    assert len({reason.code for reason in REASONS}) == len(REASONS)
    assert all(reason.message and reason.message_zh for reason in REASONS)

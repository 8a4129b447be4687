"""The pages of policy fields and of reasons are the code's own words."""

from credit.policy.declared import declarations
from credit.policy.pages import policies_page, reasons_page
from credit.policy.reasons import MODEL, REASONS, RULE
from credit.policy.waiver_terms import SceneTerms


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


def test_the_reasons_page_is_in_order_of_precedence() -> None:
    lines = [line for line in reasons_page().splitlines() if line.startswith("| `")]
    assert [line.split("`")[1] for line in lines] == [reason.code for reason in REASONS]

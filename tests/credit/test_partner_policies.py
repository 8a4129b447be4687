"""Every shipped document is a lawful layer: checked, sound, and what docs/partners.md promises."""

import re
from collections import Counter
from pathlib import Path

import pytest

from credit.policy.documents import INDUSTRY, PARTNER, PLATFORM, SCENE, Document, read_document
from credit.policy.layers import above, awaiting, chain, checked, compose, stacked
from credit.policy.reading import TermsError

PARTNERS = Path(__file__).resolve().parents[2] / "partners"
TEXTS = {path: path.read_text("utf-8") for path in sorted(PARTNERS.rglob("*.toml"))}
SHIPPED = {one.head.name: one for one in map(read_document, TEXTS.values())}
OF = {
    layer: [one for one in SHIPPED.values() if one.head.layer == layer]
    for layer in (PLATFORM, INDUSTRY, PARTNER, SCENE)
}


def changed(name: str, old: str, new: str) -> dict[str, Document]:
    """The shipped documents with one line of one of them written otherwise."""
    assert old in SHIPPED[name].text, f"{name} no longer says {old!r}"
    return {**SHIPPED, name: read_document(SHIPPED[name].text.replace(old, new, 1))}


def test_no_two_documents_share_a_name() -> None:
    assert len(SHIPPED) == len(TEXTS)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_document_loosens_nothing(name: str) -> None:
    stack = above(SHIPPED, SHIPPED[name])
    assert checked(stack).name == name
    assert compose(stack).loosenings == ()


@pytest.mark.parametrize("name", [one.head.name for one in OF[PARTNER]])
def test_a_partners_stacks_are_sound_in_every_scene_it_offers(name: str) -> None:
    partner = stacked(chain(SHIPPED, name))
    scenes = {one.head.scene for one in OF[SCENE] if one.head.parent == name}
    offered = {scene for scene, terms in partner.waiver.scenes.items() if terms.offered}
    for scene in scenes | offered:
        policy = stacked(chain(SHIPPED, name, scene))
        assert policy.waiver.scenes[scene].offered
        own = f"{name}.{scene}" if scene in scenes else name
        assert [one.name for one in policy.layers][-1] == own


@pytest.mark.parametrize("name", SHIPPED)
def test_a_document_says_why(name: str) -> None:
    lines = SHIPPED[name].text.splitlines()
    assert lines[0].startswith("# ")
    assert sum("#" in line for line in lines) >= 2


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_a_document_lies_where_its_head_says(path: Path) -> None:
    head = read_document(TEXTS[path]).head
    folder = {INDUSTRY: "industries", SCENE: "scenes"}.get(head.layer, "")
    assert path == PARTNERS / folder / f"{head.name}.toml"


def test_every_industry_is_led_by_a_member_and_has_more_than_one() -> None:
    members = Counter(one.head.parent for one in OF[PARTNER])
    scenes = Counter(SHIPPED[one.head.parent].head.parent for one in OF[SCENE])
    assert {"travel", "education", "health_care"} <= {one.head.name for one in OF[INDUSTRY]}
    for industry in OF[INDUSTRY]:
        assert SHIPPED[industry.head.lead].head.parent == industry.head.name
        assert scenes[industry.head.name] >= 1
    assert all(members[name] >= 2 for name in ("travel", "education", "health_care", "rental"))


def test_a_new_scene_is_a_document_and_no_code() -> None:
    known = stacked([SHIPPED[PLATFORM]]).waiver.scenes
    new = [one.head for one in OF[SCENE] if one.head.scene not in known]
    assert len(new) >= 2
    for head in new:
        assert head.scene in stacked(chain(SHIPPED, head.parent, head.scene)).waiver.scenes
        assert head.scene not in stacked(chain(SHIPPED, head.parent)).waiver.scenes


def test_a_guarantee_widens_and_the_platform_is_asked() -> None:
    harbour = chain(SHIPPED, "harbour_hotels")
    assert stacked(harbour).waiver.scenes["hotel"].credit_max_minor == 350_000
    assert "waiver.scenes.hotel.credit_max_minor" in awaiting(harbour)


@pytest.mark.parametrize(
    ("name", "line", "field"),
    [
        ("harbour_hotels", "first_loss_minor = 100_000_000", "waiver.scenes.hotel.credit_max"),
        ("volt_banks", "first_loss_minor = 500_000_000", "loan.approve_probability_max"),
    ],
)
def test_without_its_guarantee_a_partner_may_not(name: str, line: str, field: str) -> None:
    with pytest.raises(TermsError, match=re.escape(field)):
        checked(chain(changed(name, line, "first_loss_minor = 0"), name))


def test_a_scene_cannot_undo_what_its_industry_left_out() -> None:
    stated = "[waiver.scenes.ski_set]"
    opened = f"[waiver.scenes.clinic]\noffered = true\n\n{stated}"
    documents = changed("wander_travel.ski_set", stated, opened)
    with pytest.raises(TermsError, match=r"waiver\.scenes\.clinic\.offered is true, travel allows"):
        checked(chain(documents, "wander_travel", "ski_set"))


def test_a_member_keeps_inside_what_its_industry_passed_on() -> None:
    documents = changed("smile_dental", "margin_rate = 0.03", "margin_rate = 0.05")
    with pytest.raises(TermsError, match=r"loan\.price\.margin_rate is 0\.05"):
        checked(chain(documents, "smile_dental"))
    assert stacked(chain(documents, "smile_dental")).loan.price.margin_rate_ppm == 30_000


def test_an_unmeasured_lift_may_not_be_assumed_large() -> None:
    documents = changed("smile_dental", "assumed_share = 0.05", "assumed_share = 0.25")
    with pytest.raises(TermsError, match=r"instalment\.lift\.assumed_share is 0\.25"):
        checked(chain(documents, "smile_dental"))


def test_a_partner_without_a_document_stands_under_the_platform_alone() -> None:
    assert stacked(chain(SHIPPED, "local")).sha256 == SHIPPED[PLATFORM].sha256

"""No layer loosens what a layer above it fixed: every field, every direction, by name."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from credit.policy.declared import Direction, Shape, Unit
from credit.policy.directions import NUMBERS, span
from credit.policy.documents import Document, read_document
from credit.policy.layers import (
    above,
    awaiting,
    chain,
    checked,
    compose,
    layers_of,
    loosenings,
    stack_text,
    stacked,
)
from credit.policy.reading import TermsError
from credit.policy.terms import Policy
from tests.stand.layering import Field, bounds, document, fields_of, platform, raw, toml

TRAVEL = {
    "loan.approve_probability_max": Decimal("0.1"),
    "loan.amount_max_minor": 30_000_000,
    "loan.terms_days": [30, 90, 180],
    "loan.counter_shares": [Decimal("0.8"), Decimal("0.4")],
    "loan.no_history.probability": Decimal("0.12"),
    "loan.price.margin_rate": Decimal("0.03"),
    "loan.price.funding_rate": Decimal("0.035"),
    "waiver.user_max_minor": 400_000,
    "waiver.scenes.hotel.credit_max_minor": 150_000,
    "waiver.scenes.hotel.grace_hours": 48,
    "waiver.scenes.school.offered": False,
}
CITY_BIKES = {
    "loan.approve_probability_max": Decimal("0.08"),
    "waiver.scenes.bike.credit_max_minor": 20_000,
    "waiver.scenes.bike.duration_days_max": 7,
    "waiver.credit_min_minor": 2_000,
}


def stack_of(depth: int) -> list[Document]:
    """The platform, and as many layers below it."""
    lower = [document("industry", TRAVEL), document("partner", CITY_BIKES)]
    return [platform(), *lower[:depth]]


def below(depth: int, stated: dict[str, object], **head: object) -> Document:
    return document(("industry", "partner", "scene")[depth], stated, **head)


def too_loose(field: Field, policy: Policy) -> Iterator[Any]:
    """Values of a field, kept, that a lower layer may not have."""
    row, value, grants = field.row, field.value, policy.authority.open_to(field.path)
    match row.direction:
        case Direction.SUBSET if row.unit is Unit.FACT:
            yield (*value, "stranger")
        case Direction.SUBSET:
            new = next(one for one in range(bounds(row)[1] - 1, 0, -1) if one not in value)
            yield (*value, new)
        case Direction.FIXED | Direction.DELEGATED if row.shape is Shape.ONE:
            yield from _others(field, span(row, grants) if row.unit in NUMBERS else None, grants)
        case Direction.LOWER_ONLY if row.unit is Unit.FLAG:
            yield from (True,) if value is False else ()
        case Direction.LOWER_ONLY if row.choices:
            yield from row.choices[row.choices.index(value) + 1 :]
        case Direction.LOWER_ONLY:
            top = max(value, *(span(row, grants) or (0,)))
            yield from (one for one in (top + 1, bounds(row)[1]) if top < one <= bounds(row)[1])
        case Direction.HIGHER_ONLY:
            low = min(value, *(span(row, grants) or (value,)))
            yield from (one for one in (low - 1, bounds(row)[0]) if bounds(row)[0] <= one < low)


def _others(field: Field, allowed: tuple[int, int] | None, grants: Sequence[Any]) -> Iterator[Any]:
    row, value = field.row, field.value
    if row.choices:
        words = {word for one in grants for word in one.choices} | {value}
        yield from (word for word in row.choices if word not in words)
    elif row.unit not in NUMBERS:
        yield "stranger"
    else:
        least, most = allowed or (value, value)
        yield from (one for one in (least - 1, most + 1) if bounds(row)[0] <= one <= bounds(row)[1])


LOOSENINGS = [
    pytest.param(depth, field.path, raw(field.row, value), id=f"{depth}-{field.path}-{value}")
    for depth in range(3)
    for policy in [stacked(stack_of(depth))]
    for field in fields_of(policy)
    for value in too_loose(field, policy)
]


def test_the_loosenings_below_are_many_and_speak_of_every_field_that_can_be_loosened() -> None:
    assert len(LOOSENINGS) >= 200
    spoken = {path for depth, path, _ in (case.values for case in LOOSENINGS) if depth == 0}
    policy = stacked([platform()])
    silent = {field.path for field in fields_of(policy) if field.path not in spoken}
    assert silent == {field.path for field in fields_of(policy) if is_loosest(field, policy)}


def is_loosest(field: Field, policy: Policy) -> bool:
    """What no document could loosen: what is only added to, what is as loose as can be.

    Bands have tests of their own.
    """
    row, grants = field.row, policy.authority.open_to(field.path)
    if row.shape is Shape.ROWS:
        return True
    if row.unit is Unit.FLAG:
        return field.value is True
    if row.choices:
        words = {word for one in grants for word in getattr(one, "choices", ())}
        return words == set(row.choices)
    return row.unit in NUMBERS and span(row, grants) == bounds(row)


@pytest.mark.parametrize(("depth", "path", "value"), LOOSENINGS)
def test_a_loosening_is_refused_by_field_value_bound_and_layer(
    depth: int, path: str, value: object
) -> None:
    documents = [*stack_of(depth), below(depth, {path: value})]
    with pytest.raises(TermsError) as refused:
        checked(documents)
    [name] = [documents[-1].head.name]
    said = str(refused.value)
    assert said.startswith(f"{name}: {path} is "), said
    assert " allows " in said, said
    assert refused.value.mend.startswith("use "), said
    assert "\n" not in said
    setter = stacked(documents[:-1]).origins[path]
    assert f", {setter} allows " in said, said


@pytest.mark.parametrize(("depth", "path", "value"), LOOSENINGS)
def test_what_is_refused_does_not_come_into_force_either(
    depth: int, path: str, value: object
) -> None:
    upper = stacked(stack_of(depth))
    try:
        policy = stacked([*stack_of(depth), below(depth, {path: value})])
    except TermsError:
        return  # unsound beside what it is bounded by
    before = {field.path: field for field in fields_of(upper)}[path]
    after = {field.path: field for field in fields_of(policy)}[path]
    if before.row.direction is Direction.DELEGATED and before.row.unit in NUMBERS:
        allowed = span(before.row, upper.authority.open_to(path)) or (before.value,) * 2
        assert allowed[0] <= after.value <= allowed[1]
    elif before.row.direction in (Direction.LOWER_ONLY, Direction.HIGHER_ONLY):
        assert after.value in (
            before.value,
            *(span(before.row, upper.authority.open_to(path)) or ()),
        )
    else:
        assert after.value == before.value


def test_the_trace_is_told_which_layer_set_each_value() -> None:
    policy = stacked(stack_of(2))
    assert policy.layer_of("loan.approve_probability_max") == "city_bikes"
    assert policy.layer_of("loan.price.margin_rate") == "travel"
    assert policy.layer_of("loan.refer_probability_max") == "platform"
    assert policy.layer_of("waiver.scenes.bike") == "city_bikes"
    assert policy.layer_of("waiver.scenes.hotel") == "travel"
    assert policy.layer_of("waiver.scenes.clinic") == "platform"


def bands(*rows: tuple[str, str, str, int]) -> list[dict[str, object]]:
    starts = [Decimal(0), *(Decimal(to) for _, to, _, _ in rows)]
    return [
        {
            "name": name,
            "probability_from": start,
            "probability_to": Decimal(to),
            "credit_share": Decimal(share),
            "credit_max_minor": most,
        }
        for start, (name, to, share, most) in zip(starts, rows, strict=False)
    ]


def test_bands_may_be_cut_anew_where_they_give_no_more_anywhere() -> None:
    cut = bands(
        ("good", "0.01", "1", 100_000), ("fair", "0.04", "0.8", 50_000), ("no", "1", "0", 0)
    )
    policy = checked([*stack_of(1), below(1, {"waiver.bands": cut})])
    assert [band.name for band in policy.waiver.bands] == ["good", "fair", "no"]
    assert policy.layer_of("waiver.bands") == "city_bikes"


@pytest.mark.parametrize(
    ("cut", "where"),
    [
        (bands(("a", "0.05", "1", 100_000), ("no", "1", "0", 0)), "waiver.bands[1].credit_share"),
        (
            bands(("a", "0.01", "1", 600_000), ("no", "1", "0", 0)),
            "waiver.bands[1].credit_max_minor",
        ),
        (bands(("a", "0.02", "1", 1), ("b", "1", "0.1", 0)), "waiver.bands[2].credit_share"),
    ],
    ids=["reaches into a riskier band", "more money", "something for the riskiest"],
)
def test_bands_that_give_more_somewhere_are_refused_by_name(cut: object, where: str) -> None:
    documents = [*stack_of(1), below(1, {"waiver.bands": cut})]
    assert where in [one.path for one in loosenings(documents)]
    with pytest.raises(TermsError, match=r"city_bikes: waiver\.bands"):
        checked(documents)
    upper, policy = stacked(documents[:-1]).waiver.bands, stacked(documents).waiver.bands
    for ppm in range(0, 1_000_001, 2_500):
        over = next(band for band in upper if ppm <= band.probability_to_ppm)
        under = next(band for band in policy if ppm <= band.probability_to_ppm)
        assert under.credit_share_ppm <= over.credit_share_ppm
        assert under.credit_max_minor <= over.credit_max_minor


RISKIER = {"loan.approve_probability_max": Decimal("0.13")}


def test_a_guarantee_widens_what_the_platform_says_it_may_and_awaits_approval() -> None:
    bold = below(1, RISKIER, first_loss_minor=500_000_000)
    documents = [platform(), replace_parent(bold, "platform")]
    assert checked(documents).loan.approve_probability_max_ppm == 130_000
    assert awaiting(documents) == ("first_loss_minor", "loan.approve_probability_max")


def test_a_guarantee_too_small_widens_nothing() -> None:
    bold = below(1, RISKIER, first_loss_minor=499_999_999)
    with pytest.raises(TermsError, match=r"platform allows at most 0\.12"):
        checked([platform(), replace_parent(bold, "platform")])


def test_a_layer_between_that_chose_has_used_the_delegation_up() -> None:
    documents = stack_of(1)
    with pytest.raises(TermsError, match=r"travel allows exactly 0\.03, for it is not delegated"):
        checked([*documents, below(1, {"loan.price.margin_rate": Decimal("0.02")})])


def test_a_layer_may_delegate_on_what_it_may_choose_and_no_more() -> None:
    def passing(most: str) -> Document:
        row = {
            "field": "loan.price.margin_rate",
            "least": Decimal("0.02"),
            "most": Decimal(most),
            "first_loss_minor": 0,
            "approval": False,
        }
        return document("industry", {**TRAVEL, "delegated.ranges": [row]})

    thin = below(1, {"loan.price.margin_rate": Decimal("0.02")})
    policy = checked([platform(), passing("0.05"), thin])
    assert policy.loan.price.margin_rate_ppm == 20_000
    with pytest.raises(TermsError, match=r"travel: delegated\.ranges"):
        checked([platform(), passing("0.07")])
    greedy = below(1, {"loan.price.margin_rate": Decimal("0.065")})
    assert stacked([platform(), passing("0.07"), greedy]).loan.price.margin_rate_ppm == 60_000


def test_a_new_scene_begins_as_the_platform_has_new_ones_begin_and_no_looser() -> None:
    camera = {"waiver.scenes.camera.credit_max_minor": 40_000}
    policy = checked([*stack_of(1), below(1, camera)])
    assert policy.waiver.scenes["camera"].credit_max_minor == 40_000
    assert policy.layer_of("waiver.scenes.camera.credit_max_minor") == "city_bikes"
    assert policy.layer_of("waiver.scenes.camera.grace_hours") == "platform"
    with pytest.raises(
        TermsError, match=r"camera\.credit_max_minor is 60000, platform allows at mo"
    ):
        checked([*stack_of(1), below(1, {"waiver.scenes.camera.credit_max_minor": 60_000})])


def test_where_new_scenes_are_not_offered_none_may_be_added() -> None:
    closed = document("industry", {"waiver.new_scene.offered": False})
    with pytest.raises(TermsError, match=r"waiver\.scenes\.camera is a new scene, travel allows"):
        checked([platform(), closed, below(1, {"waiver.scenes.camera.offered": True})])


def test_when_the_platform_tightens_every_layer_below_obeys_at_once() -> None:
    text = platform().text.replace(
        "approve_probability_max = 0.12", "approve_probability_max = 0.05"
    )
    documents = [read_document(text), *stack_of(2)[1:]]
    assert stacked(documents).loan.approve_probability_max_ppm == 50_000
    assert [one.path for one in loosenings(documents)] == ["loan.approve_probability_max"]


def replace_parent(one: Document, parent: str) -> Document:
    return read_document(one.text.replace('parent = "travel"', f'parent = "{parent}"'))


def by_name(documents: Sequence[Document]) -> dict[str, Document]:
    return {one.head.name: one for one in documents}


def test_a_request_stands_under_its_scene_its_partner_its_industry_and_the_platform() -> None:
    scene = below(2, {"waiver.scenes.bike.grace_hours": 24})
    known = by_name([*stack_of(2), scene])
    names = ["platform", "travel", "city_bikes", "city_bikes.bike"]
    assert [one.head.name for one in chain(known, "city_bikes", "bike")] == names
    assert [one.head.name for one in chain(known, "city_bikes", "hotel")] == names[:3]
    assert [one.head.name for one in chain(known, "city_bikes")] == names[:3]
    assert [one.head.name for one in chain(known, "nobody", "bike")] == ["platform"]
    assert [one.head.name for one in chain(known, "travel")] == ["platform"], "no partner"


def test_parents_in_a_circle_are_refused() -> None:
    one = replace_parent(below(1, {}), "other")
    other = read_document(
        one.text.replace('"city_bikes"', '"other"').replace(
            'parent = "other"', 'parent = "city_bikes"'
        )
    )
    with pytest.raises(TermsError, match="parent is 'other', of layer partner"):
        above(by_name([platform(), one, other]), one)


def test_a_parent_that_nobody_knows_is_named() -> None:
    with pytest.raises(TermsError, match="city_bikes: parent is 'travel', which nobody knows"):
        above(by_name([platform(), below(1, {})]), below(1, {}))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("layer = 3", "layer is 3"),
        ('layer = "county"', "use one of industry, partner, scene"),
        ('layer = "partner"\nname = "a"\nversion = "1"', "parent is missing"),
        ('layer = "industry"\nname = "a"\nparent = "platform"\nversion = "1"', "lead is missing"),
        ('layer = "partner"\nname = "A b"\nparent = "platform"\nversion = "1"', "small letters"),
        (
            'layer = "partner"\nname = "platform"\nparent = "platform"\nversion = "1"',
            "small letter",
        ),
        (
            'layer = "partner"\nname = "a"\nparent = "platform"\nversion = "1"\ncurrency = "CNY"',
            "alone",
        ),
        (
            'layer = "partner"\nname = "a"\nparent = "platform"\nversion = "1"\nlone = 1',
            "no policy f",
        ),
        (
            'layer = "scene"\nname = "bikes"\nparent = "a"\nversion = "1"\nscene = "bike"',
            "call it 'a.bike'",
        ),
    ],
)
def test_a_broken_head_is_refused_in_one_line(text: str, told: str) -> None:
    with pytest.raises(TermsError) as refused:
        read_document(text)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"field": "loan.colour"}, "is no policy field"),
        ({"field": "loan.amount_step_minor"}, "no field that can be delegated"),
        ({"field": "loan.no_history.outcome"}, "use delegated.choices"),
        ({"field": "loan.price.margin_rate", "least": Decimal("0.5")}, "above most"),
        ({"field": "loan.price.margin_rate", "most": Decimal(2)}, "no value of loan.price.margin"),
        ({"field": "loan.price.margin_rate", "least": Decimal("0.03")}, "itself is 0.02"),
    ],
)
def test_a_delegation_of_what_cannot_be_delegated_is_refused(
    row: dict[str, object], told: str
) -> None:
    text = platform().text.replace("[[delegated.ranges]]", "[[kept]]")
    whole = {"least": Decimal(0), "most": Decimal("0.04"), "first_loss_minor": 0, "approval": False}
    start = text.index("[[kept]]")
    end = text.index("[[delegated.choices]]")
    lines = "\n".join(f"{name} = {toml(value)}" for name, value in {**whole, **row}.items())
    text = f"{text[:start]}[[delegated.ranges]]\n{lines}\n\n{text[end:]}"
    with pytest.raises(TermsError) as refused:
        stacked([read_document(text)])
    assert told in str(refused.value)


def test_a_stacks_text_lists_its_documents_and_its_hash_is_the_policys() -> None:
    policy = stacked(stack_of(2))
    text = stack_text(policy.layers)
    assert layers_of(text) == tuple(one.sha256 for one in stack_of(2))
    assert policy.sha256 == sha256(text.encode()).hexdigest()
    assert layers_of(platform().text) is None
    assert stacked([platform()]).sha256 == platform().sha256


def test_the_lowest_layer_names_the_policy() -> None:
    policy = stacked(stack_of(2))
    assert (policy.name, policy.version) == ("city_bikes", "1")
    assert [one.name for one in policy.layers] == ["platform", "travel", "city_bikes"]
    assert compose(stack_of(2)).loosenings == ()

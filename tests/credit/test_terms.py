"""A policy is typed, bounded and whole, or it is refused by name, value and mend."""

import hashlib
import re

import pytest

from credit.errors import InputError
from credit.policy.declared import Shape, declarations
from credit.policy.terms import Policy, TermsError, parse_policy


def changed(text: str, old: str, new: str) -> str:
    assert old in text, f"the platform's policy no longer says {old!r}"
    return text.replace(old, new, 1)


def test_the_shipped_policy_is_sound_and_hashed(platform: Policy, platform_text: str) -> None:
    assert platform.name == "platform"
    assert platform.sha256 == hashlib.sha256(platform_text.encode()).hexdigest()
    assert platform.loan.price.apr_cap_ppm == 240_000


def test_one_changed_byte_is_another_policy(platform: Policy, platform_text: str) -> None:
    assert parse_policy(platform_text + "\n").sha256 != platform.sha256


def test_every_field_says_which_layer_set_it(platform: Policy) -> None:
    assert platform.layer_of("loan.price.apr_cap") == "platform"
    assert platform.layer_of("waiver.scenes.bike.grace_hours") == "platform"


BROKEN = [
    ("broken TOML", "[loan]\n", "[loan\n", "policy is no TOML"),
    ("twice one key", 'name = "platform"', 'name = "platform"\nname = "x"', "no TOML"),
    ("unknown field", "offers_max = 4", "offers_max = 4\noffer_max = 3", "loan.offer_max is no"),
    ("missing field", "offers_max = 4\n", "", "loan.offers_max is missing"),
    (
        "text for an amount",
        "amount_min_minor = 50_000",
        'amount_min_minor = "50000"',
        "amount_min_minor is '50000'",
    ),
    (
        "a fraction of a fen",
        "_min_minor = 50_000",
        "_min_minor = 50000.5",
        "amount_min_minor is 50000.5",
    ),
    (
        "a flag for an amount",
        "_min_minor = 50_000",
        "_min_minor = true",
        "amount_min_minor is True",
    ),
    ("per cent for a share", "apr_cap = 0.24", "apr_cap = 24", "apr_cap is 24, above 0.36"),
    ("a rate as text", "apr_cap = 0.24", 'apr_cap = "24%"', "apr_cap is '24%'"),
    ("not a number", "apr_cap = 0.24", "apr_cap = nan", "apr_cap is NaN"),
    ("infinite", "apr_cap = 0.24", "apr_cap = inf", "apr_cap is Infinity"),
    ("seven decimals", "apr_cap = 0.24", "apr_cap = 0.2400001", "round it to six decimals"),
    ("negative", "operating_cost_minor = 300", "operating_cost_minor = -1", "below 0"),
    ("overlap", "probability_from = 0.02", "probability_from = 0.01", "overlaps the band before"),
    ("gap", "probability_from = 0.02", "probability_from = 0.03", "leaves a gap"),
    ("backwards", "probability_to = 0.02", "probability_to = 0", "not above probability_from"),
    ("twice one band", 'name = "B"', 'name = "A"', "give each its own name"),
    ("more for the riskier", "= 30_000_000", "= 60_000_000", "riskier band may not be given more"),
    ("terms out of order", "[30, 60,", "[60, 30,", "list them shortest first"),
    ("one term twice", "[30, 60,", "[30, 30,", "names one value twice"),
    (
        "refer below approve",
        "refer_probability_max = 0.16",
        "refer_probability_max = 0.05",
        "above",
    ),
    ("floor above the cap", "apr_floor = 0.06", "apr_floor = 0.30", "above apr_cap 0.24"),
    ("costs above the cap", "funding_rate = 0.03", "funding_rate = 0.23", "funding_rate + margin"),
    (
        "rising counter-offers",
        "[0.8, 0.6, 0.4, 0.2, 0.1, 0.05]",
        "[0.5, 0.75]",
        "falling between 1 and 0",
    ),
    ("unlisted feature", 'feature = "arrears_minor"', 'feature = "arrear"', "is 'arrear', not in"),
    ("code in a rule", 'op = ">"', 'op = "exec"', "op is 'exec'"),
    ("order of texts", "value = 0\n", 'value = "0"\n', "compare order with numbers only"),
    ("list for one value", "value = 0\n", "value = [0]\n", "give a list for in and not in"),
    ("mixed list", "value = 0\n", 'value = [0, "a"]\n', "list either numbers or texts"),
    ("unknown reason", '"OPEN_ARREARS"', '"BAD_LUCK"', "'BAD_LUCK', no rule's reason"),
    ("a model's reason", '"OPEN_ARREARS"', '"TENURE"', "'TENURE', no rule's reason"),
    ("silent on missing", 'missing = "passes"', 'missing = "zero"', "missing is 'zero'"),
    ("redlining", '"arrears_minor", "arrears_days"', '"city_tier"', "a place or protected"),
    ("scene above itself", "credit_max_minor = 20_000", "credit_max_minor = 60_000", "above"),
    ("empty name", 'name = "platform"', 'name = " "', "name is ' '"),
    ("no currency", '"CNY"', '"yuan"', "currency is 'yuan'"),
    ("a table made a value", "[waiver.no_history]", "[waiver.x]", "waiver.x is no policy field"),
    ("a section made a number", "[waiver.scenes.school]", "scenes.x = 5\n[y]", "is no"),
]


@pytest.mark.parametrize(
    ("old", "new", "says"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN]
)
def test_a_broken_policy_is_refused_in_one_line_that_names_it(
    platform_text: str, old: str, new: str, says: str
) -> None:
    with pytest.raises(TermsError, match=re.escape(says)) as refused:
        parse_policy(changed(platform_text, old, new))
    assert "\n" not in str(refused.value)
    assert refused.value.mend


@pytest.mark.parametrize(
    "text", ["", "x = " + "[" * 5000, "\x00", "loan = 1e999", "a = " + "9" * 9999]
)
def test_what_is_no_policy_at_all_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_policy(text)


def test_every_declared_field_is_asked_for(platform_text: str) -> None:
    """Each field of one value, left out, is missed by its name."""
    for line in _plain_lines(platform_text):
        name = line.split(" = ")[0]
        with pytest.raises(TermsError, match=rf"\b{name} is missing"):
            parse_policy(changed(platform_text, f"\n{line}\n", "\n"))


def _plain_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if re.match(r"[a-z_]+ = [^\[]", line)]


def _declared(of: type) -> list[str]:
    found = []
    for _, name, row in declarations(of):
        found.append(name)
        if row.shape in (Shape.TABLE, Shape.ROWS, Shape.NAMED) and row.of is not None:
            found += _declared(row.of)
    return found


def test_every_field_has_a_meaning_of_its_own() -> None:
    def meanings(of: type) -> list[str]:
        return [row.meaning for _, _, row in declarations(of)]

    assert all(meanings(Policy))
    assert len(_declared(Policy)) > 60
